// What the daemon tells the program that started it.
#include "famfs-fused/process/status_channel.h"

#include "liblog/file_io.h"
#include "liblog/records/failure.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

namespace famfs::fused {
namespace {

std::string content(int file) {
    std::string text(4096, '\0');
    text.resize(read_at(file, std::as_writable_bytes(std::span(text)), 0).value_or(0));
    return text;
}

TEST(StatusChannel, TellsAFailureAndKeepsItFromOtherPrograms) {
    const FileDescriptor file(::memfd_create("status", 0));
    const auto channel = StatusChannel::take(::dup(file.get()));
    ASSERT_TRUE(channel);
    EXPECT_EQ(::fcntl(channel->descriptor(), F_GETFD), FD_CLOEXEC);
    channel->tell({ErrorKind::busy, EBUSY, "held"});
    const auto told = records::read_failure(content(file.get()));
    ASSERT_TRUE(told);
    EXPECT_EQ(told->code, EBUSY);
    EXPECT_EQ(told->message, "held");
}

TEST(StatusChannel, TellsNothingOnceClosed) {
    const FileDescriptor file(::memfd_create("status", 0));
    auto channel = StatusChannel::take(::dup(file.get()));
    ASSERT_TRUE(channel);
    channel->close();
    channel->tell({ErrorKind::io, EIO, "late"});
    EXPECT_EQ(content(file.get()), "");
    EXPECT_EQ(channel->descriptor(), -1);
}

TEST(StatusChannel, ADescriptorThatIsNotOpenIsAUsageError) {
    const int closed = ::memfd_create("status", 0);
    ::close(closed);
    const auto channel = StatusChannel::take(closed);
    ASSERT_FALSE(channel);
    EXPECT_EQ(channel.error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace famfs::fused
