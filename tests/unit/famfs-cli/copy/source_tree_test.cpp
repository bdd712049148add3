// What walking a source finds.
#include "famfs-cli/copy/source_tree.h"

#include "liblog/remove_tree.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace famfs::cli {
namespace {

namespace fs = std::filesystem;

class SourceTree : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "famfs-cli-XXXXXX";
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

    std::vector<SourceItem> walk(const std::string& source, const WalkOptions& options) {
        std::vector<SourceItem> items;
        const SkipReport skip = [&](const std::string& name, const std::string& reason) {
            skipped_.push_back(name + ": " + reason);
        };
        SourceWalk(options, items, skip).add(source, "d");
        return items;
    }

    std::string directory_;
    std::vector<std::string> skipped_;
};

TEST_F(SourceTree, WalkGoesInNameOrderParentsFirst) {
    write("s/b", "12");
    write("s/a/z", "1");
    write("s/a/y", "");
    const auto items = walk(path("s"), {.recursive = true});
    std::vector<std::string> destinations;
    for (const auto& item : items)
        destinations.push_back(item.destination);
    EXPECT_EQ(destinations, (std::vector<std::string>{"d", "d/a", "d/a/y", "d/a/z", "d/b"}));
    EXPECT_EQ(items.back().size, 2U);
    EXPECT_EQ(items.back().name, path("s/b"));
    EXPECT_TRUE(skipped_.empty());
}

TEST_F(SourceTree, WalkNamesWhatItCannotTake) {
    write("s/file", "x");
    fs::create_symlink("file", path("s/link"));
    ASSERT_EQ(::mkfifo(path("s/pipe").c_str(), 0600), 0);
    EXPECT_EQ(walk(path("s"), {.recursive = true}).size(), 2U);
    EXPECT_EQ(skipped_.size(), 2U);
    EXPECT_TRUE(walk(path("s"), {}).empty()) << "a directory needs -r";
    EXPECT_TRUE(walk(path("nothing"), {}).empty());
    EXPECT_EQ(skipped_.size(), 4U);
}

TEST_F(SourceTree, FollowedLinksThatGoUpEnd) {
    write("s/a/file", "x");
    fs::create_symlink("..", path("s/a/up"));
    fs::create_symlink("file", path("s/a/link"));
    const auto items = walk(path("s"), {.recursive = true, .follow_symlinks = true});
    EXPECT_EQ(items.size(), 4U);  // s, a, file, link
    ASSERT_EQ(skipped_.size(), 1U);
    EXPECT_TRUE(skipped_[0].starts_with(path("s/a/up")));
}

TEST_F(SourceTree, ASourceIsNotOpenedThroughALinkThatCameLater) {
    write("s/a/file", "x");
    write("outside/file", "y");
    const WalkOptions options{.recursive = true};
    const auto items = walk(path("s"), options);
    fs::rename(path("s/a"), path("s/old"));
    fs::create_symlink("../outside", path("s/a"));
    struct stat status{};
    const auto opened = SourceOpener(false).open_file(items.back(), status);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ELOOP);
}

TEST_F(SourceTree, AFifoInPlaceOfAFileDoesNotBlock) {
    write("s/file", "x");
    const auto items = walk(path("s/file"), {});
    ASSERT_EQ(items.size(), 1U);
    fs::remove(path("s/file"));
    ASSERT_EQ(::mkfifo(path("s/file").c_str(), 0600), 0);
    struct stat status{};
    EXPECT_FALSE(SourceOpener(false).open_file(items.front(), status));
}

}  // namespace
}  // namespace famfs::cli
