// What the daemon takes from DIR/ids while somebody writes it.
#include "service/shadow/id_cache.h"

#include "tests/unit/kept_log.h"
#include "tests/unit/test_pool.h"

#include <fcntl.h>
#include <unistd.h>

namespace famfs::service {
namespace {

class IdCacheTest : public testing::Test {
  protected:
    void SetUp() override {
        std::filesystem::create_directory(directory_ / "root");
        top_ = FileDescriptor(::open((directory_ / "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        shadow_ = std::make_unique<ShadowRoot>(std::move(*ShadowRoot::open(directory_ / "")));
        cache_ = std::make_unique<IdCache>(*shadow_, log_);
    }

    void append(std::string_view path, index::InodeId id, std::uint8_t pool = 1) {
        omf::Uuid uuid;
        uuid.bytes.fill(pool);
        auto file = famfs::shadow::IdFile::open(top_.get(), famfs::shadow::ids_name, uuid);
        ASSERT_TRUE(file && file->append(path, id));
    }

    test::TemporaryDirectory directory_;
    FileDescriptor top_;
    test::KeptLog log_;
    std::unique_ptr<ShadowRoot> shadow_;
    std::unique_ptr<IdCache> cache_;
};

TEST_F(IdCacheTest, WithoutAFileThereAreNone) {
    EXPECT_EQ(cache_->find("dir"), index::no_inode);
    EXPECT_EQ(log_.text(), "");
}

TEST_F(IdCacheTest, WhatIsAppendedLaterIsFound) {
    EXPECT_EQ(cache_->find("a"), index::no_inode);
    append("a", 16);
    EXPECT_EQ(cache_->find("a"), 16U);
    append("b", 17);
    EXPECT_EQ(cache_->find("b"), 17U);
    EXPECT_EQ(cache_->find("a"), 16U);
    EXPECT_EQ(cache_->find("c"), index::no_inode);
}

TEST_F(IdCacheTest, AFileInItsPlaceIsReadFromTheStart) {
    append("a", 16);
    EXPECT_EQ(cache_->find("a"), 16U);
    std::filesystem::rename(directory_ / "ids", directory_ / "old");
    append("b", 17, 2);
    EXPECT_EQ(cache_->find("b"), 17U);
    EXPECT_EQ(cache_->find("a"), index::no_inode);
}

TEST_F(IdCacheTest, NonsenseIsNamedOnceAndDoesNoHarm) {
    std::ofstream(directory_ / "ids") << "no ids at all, but longer than their header is";
    EXPECT_EQ(cache_->find("a"), index::no_inode);
    EXPECT_EQ(cache_->find("b"), index::no_inode);
    const std::string said = log_.text();
    EXPECT_NE(said.find("ids: cannot be used"), std::string::npos) << said;
    EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
}

TEST_F(IdCacheTest, WhatIsNoFileIsNotRead) {
    std::filesystem::create_directory(directory_ / "ids");
    EXPECT_EQ(cache_->find("a"), index::no_inode);
}

}  // namespace
}  // namespace famfs::service
