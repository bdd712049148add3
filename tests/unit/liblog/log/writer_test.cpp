#include "liblog/log/writer.h"

#include "liblog/log/reader.h"
#include "tests/unit/test_pool.h"

namespace famfs::log {
namespace {

using test::BufferMemory;
using test::path;

constexpr std::uint64_t device_bytes = 64 << 20;

class LogTest : public testing::Test {
  protected:
    LogTest() { EXPECT_TRUE(memory_.write(omf::log_offset, omf::encode_log_header({}))); }

    omf::LogHeader header() { return read_header(memory_, omf::minimum_log_length).value(); }

    BufferMemory memory_{device_bytes};
};

omf::Directory directory(std::uint64_t number) {
    return {path("d" + std::to_string(number)), 0, 0, 0755};
}

TEST_F(LogTest, AppendWritesBackOnlyTheLinesItWrote) {
    Writer writer(memory_, header());
    for (std::uint64_t index = 0; index < 200; ++index) {
        memory_.lines_written_back.clear();
        memory_.fences = 0;
        ASSERT_TRUE(writer.append(directory(index)));
        // 544 bytes touch at most 10 lines, the header's tail is one more.
        EXPECT_LE(memory_.lines_written_back.size(), 11U);
        EXPECT_EQ(memory_.fences, 2);
        const std::uint64_t first = omf::entry_offset(index) / 64;
        const std::uint64_t last = (omf::entry_offset(index + 1) - 1) / 64;
        std::vector<std::uint64_t> wanted;
        for (std::uint64_t line = first; line <= last; ++line)
            wanted.push_back(line);
        wanted.push_back(omf::log_offset / 64);
        EXPECT_EQ(memory_.lines_written_back, wanted);
    }
}

TEST_F(LogTest, EntriesComeBackInOrder) {
    Writer writer(memory_, header());
    for (std::uint64_t index = 0; index < 5000; ++index)
        ASSERT_EQ(writer.append(directory(index)).value(), index);
    EXPECT_EQ(header().next_index, 5000U);
    EXPECT_EQ(header().next_seqnum, 5000U);
    Reader reader(memory_, 0, 5000);
    for (std::uint64_t index = 0; index < 5000; ++index) {
        ASSERT_EQ(reader.index(), index);
        const auto entry = omf::decode_entry(reader.next().value(), index);
        ASSERT_TRUE(entry);
        EXPECT_EQ(std::get<omf::Directory>(*entry).path, directory(index).path);
    }
    EXPECT_TRUE(reader.at_end());
}

TEST_F(LogTest, FullLogTakesNothingMore) {
    omf::LogHeader nearly_full;
    nearly_full.next_index = nearly_full.next_seqnum = nearly_full.capacity() - 1;
    Writer writer(memory_, nearly_full);
    EXPECT_EQ(writer.free_entries(), 1U);
    ASSERT_TRUE(writer.append(directory(0)));
    const auto refused = writer.append(directory(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENOSPC);
    EXPECT_EQ(header().next_index, header().capacity());
}

TEST_F(LogTest, FailedAppendLeavesTheIndexAlone) {
    Writer writer(memory_, header());
    for (const int failing : {1, 2}) {
        memory_.failing_writes = failing;
        EXPECT_FALSE(writer.append(directory(0)));
        EXPECT_EQ(header().next_index, 0U);
        EXPECT_EQ(writer.next_index(), 0U);
    }
}

// The header reads as neither before nor after: another entry in that slot could be a second file in the same
// place.
TEST_F(LogTest, NothingIsAppendedAfterAHeaderInDoubt) {
    Writer writer(memory_, header());
    omf::LogHeader other;
    other.next_index = other.next_seqnum = 7;
    ASSERT_TRUE(memory_.write(omf::log_offset, omf::encode_log_header(other)));
    memory_.failing_writes = 2;
    EXPECT_FALSE(writer.append(directory(0)));
    EXPECT_TRUE(writer.in_doubt());
    const auto refused = writer.append(directory(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EIO);
    EXPECT_EQ(header().next_index, 7U);
}

TEST_F(LogTest, RereadSeesWhatChangedMeanwhile) {
    Writer writer(memory_, header());
    ASSERT_TRUE(writer.append(directory(0)));
    Reader reader(memory_, 0, 1);
    ASSERT_TRUE(reader.next());
    const omf::EntryBytes other = omf::encode_entry(0, directory(9));
    ASSERT_TRUE(memory_.write(omf::entry_offset(0), other));
    EXPECT_EQ(reader.reread().value(), other);
}

}  // namespace
}  // namespace famfs::log
