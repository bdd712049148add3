// DIR/ids: what was appended is found, and what anybody may have written there does no harm.
#include "liblog/shadow/ids.h"

#include "liblog/file_io.h"
#include "tests/unit/test_pool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace famfs::shadow {
namespace {

constexpr std::size_t max_file = 1 << 20;

omf::Uuid uuid(std::uint8_t byte) {
    omf::Uuid value;
    value.bytes.fill(byte);
    return value;
}

class IdsTest : public testing::Test {
  protected:
    IdsTest() : top_(::open((directory_ / "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

    IdFile open(std::uint8_t pool = 1) const {
        return IdFile::open(top_.get(), ids_name, uuid(pool)).value();
    }

    std::string content() const { return read_file(top_.get(), ids_name, max_file).value(); }

    IdTable table() const {
        const std::string text = content();
        const auto bytes = std::as_bytes(std::span(text));
        auto made = IdTable::create(bytes.first<id_header_bytes>()).value();
        made.add(bytes.subspan(id_header_bytes));
        return made;
    }

    test::TemporaryDirectory directory_;
    FileDescriptor top_;
};

TEST_F(IdsTest, WhatWasAppendedIsFound) {
    auto file = open();
    ASSERT_TRUE(file.append("dir", 16));
    ASSERT_TRUE(file.append("dir/below", 17));
    EXPECT_EQ(table().find("dir"), 16U);
    EXPECT_EQ(table().find("dir/below"), 17U);
    EXPECT_EQ(table().find("below"), index::no_inode);
    EXPECT_EQ(content().size(), id_header_bytes + 2 * id_record_bytes);
}

TEST_F(IdsTest, TheNextWriterGoesOn) {
    ASSERT_TRUE(open().append("a", 16));
    ASSERT_TRUE(open().append("b", 17));
    EXPECT_EQ(table().find("a"), 16U);
    EXPECT_EQ(table().find("b"), 17U);
}

TEST_F(IdsTest, TheLaterOfTwoCounts) {
    auto file = open();
    ASSERT_TRUE(file.append("a", 16));
    ASSERT_TRUE(file.append("a", 99));
    EXPECT_EQ(table().find("a"), 99U);
}

TEST_F(IdsTest, AnotherPoolsIdsGo) {
    ASSERT_TRUE(open(1).append("a", 16));
    ASSERT_TRUE(open(2).append("b", 17));
    EXPECT_EQ(table().find("a"), index::no_inode);
    EXPECT_EQ(table().find("b"), 17U);
}

TEST_F(IdsTest, HalfARecordIsWrittenOver) {
    ASSERT_TRUE(open().append("a", 16));
    ASSERT_EQ(::truncate((directory_ / ids_name).c_str(), id_header_bytes + id_record_bytes - 3), 0);
    EXPECT_EQ(table().find("a"), index::no_inode);
    ASSERT_TRUE(open().append("b", 17));
    EXPECT_EQ(table().size(), 1U);
    EXPECT_EQ(table().find("b"), 17U);
}

TEST_F(IdsTest, NoEntryHasSuchAnId) {
    auto file = open();
    for (const std::uint64_t id :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{15}, std::uint64_t{1} << 62, ~std::uint64_t{0}})
        ASSERT_TRUE(file.append("a", id));
    EXPECT_EQ(table().size(), 0U);
}

TEST_F(IdsTest, ADirectoryInItsPlaceIsAnError) {
    ASSERT_EQ(::mkdir((directory_ / ids_name).c_str(), 0755), 0);
    EXPECT_FALSE(IdFile::open(top_.get(), ids_name, uuid(1)));
}

TEST_F(IdsTest, ASymbolicLinkIsNotFollowed) {
    ASSERT_EQ(::symlink("elsewhere", (directory_ / ids_name).c_str()), 0);
    EXPECT_FALSE(IdFile::open(top_.get(), ids_name, uuid(1)));
    EXPECT_NE(::access((directory_ / "elsewhere").c_str(), F_OK), 0);
}

TEST(IdTableTest, OtherFilesAreNoTables) {
    const std::array<std::byte, id_header_bytes> zeros{};
    EXPECT_EQ(IdTable::create(zeros).error().kind, ErrorKind::corrupt);
}

TEST(FixedInodeTest, AreThoseOfMeta) {
    EXPECT_EQ(index::fixed_inode(""), index::root_inode);
    EXPECT_EQ(index::fixed_inode(".meta/.log"), index::log_inode);
    EXPECT_EQ(index::fixed_inode(".meta/other"), index::no_inode);
    EXPECT_EQ(index::fixed_inode("dir/.meta"), index::no_inode);
}

}  // namespace
}  // namespace famfs::shadow
