// What of data path extfile can be tested without a device: the choice, the answer to INIT, the counters.
#include "famfs-fused/fuse/choice/choose.h"

#include "famfs-fused/fuse/wire/init_reply.h"
#include "famfs-fused/fuse/wire/kernel_offer.h"
#include "famfs-fused/fuse/wire/request_counters.h"

#include <gtest/gtest.h>
#include <linux/fuse.h>

#include <array>
#include <cstring>

namespace famfs::fused {
namespace {

// A device in fsdev mode on a kernel that offers everything.
Situation everything() {
    Situation situation;
    situation.device = "/dev/dax0.0";
    situation.fsdev_mode = true;
    return situation;
}

TEST(ChoiceTest, TakesIomapBeforeExtfileBeforeCopy) {
    Situation situation = everything();
    EXPECT_EQ(choose_data_path(DataPathKind::automatic, situation)->kind, DataPathKind::iomap);
    situation.kernel.maps = {records::Lack::kernel_support, "no maps"};
    const auto extfile = choose_data_path(DataPathKind::automatic, situation);
    EXPECT_EQ(extfile->kind, DataPathKind::extfile);
    EXPECT_NE(extfile->reason.find("iomap: no maps"), std::string::npos) << extfile->reason;
    situation.fsdev_mode = false;
    const auto copy = choose_data_path(DataPathKind::automatic, situation);
    EXPECT_EQ(copy->kind, DataPathKind::copy);
    EXPECT_NE(copy->reason.find("extfile"), std::string::npos) << copy->reason;
}

TEST(ChoiceTest, NamesEachReasonWhereNothingWorks) {
    Situation situation = everything();
    situation.kernel.maps = {records::Lack::kernel_support, "no maps"};
    situation.kernel.module = {records::Lack::module, "no module"};
    const auto none = choose_data_path(DataPathKind::automatic, situation);
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message.find("iomap: no maps"), std::string::npos) << none.error().message;
    EXPECT_NE(none.error().message.find("extfile: no module"), std::string::npos) << none.error().message;
    EXPECT_EQ(choose_data_path(DataPathKind::extfile, situation).error().kind, ErrorKind::unsupported);
}

TEST(ChoiceTest, PassesIomapOverWhereTheUnitDoesNotFit) {
    Situation situation = everything();
    situation.allocation_unit = std::uint64_t{1} << 20;
    const auto extfile = choose_data_path(DataPathKind::automatic, situation);
    EXPECT_EQ(extfile->kind, DataPathKind::extfile);
    EXPECT_NE(extfile->reason.find("unit is 1048576 bytes"), std::string::npos) << extfile->reason;
}

TEST(ChoiceTest, RefusesWhatTheModeForbids) {
    Situation situation = everything();
    EXPECT_EQ(choose_data_path(DataPathKind::copy, situation).error().kind, ErrorKind::refused);
    situation.fsdev_mode = false;
    EXPECT_EQ(choose_data_path(DataPathKind::extfile, situation).error().kind, ErrorKind::refused);
    EXPECT_EQ(choose_data_path(DataPathKind::copy, situation)->kind, DataPathKind::copy);
}

// The reply to INIT that libfuse would send, in the two pieces that it sends it in.
struct InitFixture {
    fuse_out_header header{sizeof(fuse_out_header) + sizeof(fuse_init_out), 0, 7};
    fuse_init_out init{};
    std::array<iovec, 2> pieces{iovec{&header, sizeof header}, iovec{&init, sizeof init}};
};

std::uint32_t word_at(const InitReply& reply, std::size_t offset) {
    std::uint32_t word = 0;
    std::memcpy(&word, reply.data() + sizeof(fuse_out_header) + offset, sizeof word);
    return word;
}

TEST(InitReplyTest, TakesPassthroughWithAStackOfOne) {
    InitFixture fixture;
    const auto whole = complete_init(fixture.pieces, init_passthrough);
    ASSERT_TRUE(whole);
    EXPECT_EQ(word_at(*whole, 12), 1U << 30);  // FUSE_INIT_EXT
    EXPECT_EQ(word_at(*whole, 32), 1U << 5);   // FUSE_PASSTHROUGH, in flags2
    EXPECT_EQ(word_at(*whole, 36), 1U);        // max_stack_depth
    EXPECT_EQ(fixture.init.flags, 0U) << "the reply itself is not changed";
}

TEST(InitReplyTest, LeavesTheStackAloneWithoutPassthrough) {
    InitFixture fixture;
    const auto whole = complete_init(fixture.pieces, std::uint64_t{1} << 43);
    ASSERT_TRUE(whole);
    EXPECT_EQ(word_at(*whole, 36), 0U);
}

TEST(RequestCountersTest, ShowsWhatCame) {
    RequestCounters counters;
    EXPECT_EQ(counters.json(), "{}");
    counters.count(FUSE_READ);
    counters.count(FUSE_OPEN);
    counters.count(FUSE_READ);
    counters.count(4096);  // CUSE_INIT, and whatever else a table has no room for
    EXPECT_EQ(counters.json(), R"({"opcode_0":1,"open":1,"read":2})");
}

}  // namespace
}  // namespace famfs::fused
