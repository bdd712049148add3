// Removal of trees, whatever their permissions.
#include "liblog/remove_tree.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

namespace famfs {
namespace {

namespace fs = std::filesystem;

class RemoveTree : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "famfs-remove-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory_ = name;
    }
    void TearDown() override {
        ASSERT_TRUE(remove_tree(directory_));
        ASSERT_FALSE(fs::exists(directory_));
    }
    std::string path(const std::string& name) const { return directory_ + "/" + name; }
    void write(const std::string& name, const std::string& content) const {
        fs::create_directories(fs::path(path(name)).parent_path());
        std::ofstream(path(name)) << content;
    }

    std::string directory_;
};

TEST_F(RemoveTree, RemovesDirectoriesWithoutPermissions) {
    write("tree/a/b/file", "x");
    fs::create_symlink("/", path("tree/a/link"));
    ASSERT_EQ(::chmod(path("tree/a/b").c_str(), 0), 0);
    ASSERT_EQ(::chmod(path("tree/a").c_str(), 0500), 0);
    EXPECT_TRUE(remove_tree(path("tree")));
    EXPECT_FALSE(fs::exists(path("tree")));
    EXPECT_TRUE(fs::exists("/"));
    EXPECT_TRUE(remove_tree(path("tree"))) << "nothing there is fine";
}

TEST_F(RemoveTree, TwoRemoveTheSameTree) {
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 100; ++i)
            write(fmt::format("tree/{}/{}", i / 10, i), "x");
        std::atomic<int> removed = 0;
        {
            const auto remove = [&] { removed += remove_tree(path("tree")).has_value() ? 1 : 0; };
            const std::jthread one(remove);
            const std::jthread other(remove);
        }
        ASSERT_EQ(removed, 2);
        ASSERT_FALSE(fs::exists(path("tree")));
    }
}

}  // namespace
}  // namespace famfs
