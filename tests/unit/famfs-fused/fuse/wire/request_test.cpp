#include "famfs-fused/fuse/wire/request.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace famfs::fused {
namespace {

template <typename T>
std::string raw(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string message(std::uint32_t opcode, const std::string& argument) {
    fuse_in_header header{};
    header.len = static_cast<std::uint32_t>(sizeof header + argument.size());
    header.opcode = opcode;
    header.unique = 7;
    return raw(header) + argument;
}

int check(const std::string& text) {
    const auto checked = check_request(std::as_bytes(std::span(text)));
    return checked ? 0 : checked.error();
}

int check(std::uint32_t opcode, const std::string& argument) {
    return check(message(opcode, argument));
}

std::string with_nul(const std::string& name) {
    return name + '\0';
}

TEST(RequestTest, LengthMustBeWhatArrived) {
    const std::string whole = message(FUSE_GETATTR, std::string(sizeof(fuse_getattr_in), '\0'));
    EXPECT_EQ(check(whole), 0);
    EXPECT_EQ(check(whole + "x"), EINVAL);
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_EQ(check(whole.substr(0, length)), EINVAL) << length;
}

TEST(RequestTest, NamesMustEnd) {
    EXPECT_EQ(check(FUSE_LOOKUP, with_nul("name")), 0);
    EXPECT_EQ(check(FUSE_LOOKUP, "name"), EINVAL);
    EXPECT_EQ(check(FUSE_LOOKUP, ""), EINVAL);
    const std::string rename(sizeof(fuse_rename2_in), '\0');
    EXPECT_EQ(check(FUSE_RENAME2, rename + with_nul("a") + with_nul("b")), 0);
    EXPECT_EQ(check(FUSE_RENAME2, rename + with_nul("a") + "b"), EINVAL);
    EXPECT_EQ(check(FUSE_RENAME2, rename + with_nul("a")), EINVAL);
    EXPECT_EQ(check(FUSE_SYMLINK, with_nul("a") + "b"), EINVAL);
}

TEST(RequestTest, DataMustBeAsLongAsItSays) {
    fuse_write_in write{};
    write.size = 10;
    EXPECT_EQ(check(FUSE_WRITE, raw(write) + std::string(10, 'x')), 0);
    EXPECT_EQ(check(FUSE_WRITE, raw(write) + std::string(9, 'x')), EINVAL);
    write.size = ~0U;
    EXPECT_EQ(check(FUSE_WRITE, raw(write) + std::string(9, 'x')), EINVAL);
    fuse_ioctl_in ioctl{};
    ioctl.in_size = 4;
    EXPECT_EQ(check(FUSE_IOCTL, raw(ioctl) + "abcd"), 0);
    EXPECT_EQ(check(FUSE_IOCTL, raw(ioctl) + "abc"), EINVAL);
    const std::uint32_t set[2] = {3, 0};
    EXPECT_EQ(check(FUSE_SETXATTR, raw(set) + with_nul("user.x") + "abc"), 0);
    EXPECT_EQ(check(FUSE_SETXATTR, raw(set) + with_nul("user.x") + "ab"), EINVAL);
}

TEST(RequestTest, ABatchMustHoldAllItCounts) {
    const std::string one = raw(fuse_forget_one{});
    EXPECT_EQ(check(FUSE_BATCH_FORGET, raw(fuse_batch_forget_in{.count = 2, .dummy = 0}) + one + one), 0);
    EXPECT_EQ(check(FUSE_BATCH_FORGET, raw(fuse_batch_forget_in{.count = 3, .dummy = 0}) + one + one),
              EINVAL);
    // A count whose product with the entry's size does not fit 32 bits.
    EXPECT_EQ(check(FUSE_BATCH_FORGET, raw(fuse_batch_forget_in{.count = 0x10000001, .dummy = 0}) + one),
              EINVAL);
}

TEST(RequestTest, InitMustBeOfAProtocolThatIsSpoken) {
    fuse_init_in init{};
    init.major = 7;
    init.minor = 31;
    EXPECT_EQ(check(FUSE_INIT, raw(init).substr(0, 16)), 0);
    EXPECT_EQ(check(FUSE_INIT, raw(init).substr(0, 15)), EINVAL);
    init.major = 8;
    EXPECT_EQ(check(FUSE_INIT, raw(init)), EPROTO);
    init.major = 7;
    init.minor = 30;
    EXPECT_EQ(check(FUSE_INIT, raw(init)), EPROTO);
    init.minor = 38;
    init.flags = FUSE_INIT_EXT;
    EXPECT_EQ(check(FUSE_INIT, raw(init)), 0);
    EXPECT_EQ(check(FUSE_INIT, raw(init).substr(0, 16)), EINVAL);
}

TEST(RequestTest, OpcodesThatAreNotKnownAreSaidSo) {
    for (const std::uint32_t opcode : {0U, 7U, 48U, 51U, 54U, 55U, 4096U, 0xffffffffU}) {
        EXPECT_EQ(check(opcode, ""), ENOSYS) << opcode;
        EXPECT_TRUE(wants_reply(opcode));
    }
    for (const std::uint32_t opcode : {FUSE_FORGET, FUSE_BATCH_FORGET, FUSE_INTERRUPT, FUSE_NOTIFY_REPLY})
        EXPECT_FALSE(wants_reply(opcode)) << opcode;
}

// No argument of any length is taken for whole unless it is: opcode by opcode, against the smallest that is.
TEST(RequestTest, ArgumentsMustBeThere) {
    const std::vector<std::pair<std::uint32_t, std::size_t>> smallest{
        {FUSE_FORGET, 8},    {FUSE_GETATTR, 16},        {FUSE_SETATTR, 88},   {FUSE_OPEN, 8},
        {FUSE_READ, 40},     {FUSE_RELEASE, 24},        {FUSE_FSYNC, 16},     {FUSE_FLUSH, 24},
        {FUSE_LISTXATTR, 8}, {FUSE_OPENDIR, 8},         {FUSE_READDIR, 40},   {FUSE_RELEASEDIR, 24},
        {FUSE_GETLK, 48},    {FUSE_ACCESS, 8},          {FUSE_INTERRUPT, 8},  {FUSE_BMAP, 16},
        {FUSE_IOCTL, 32},    {FUSE_POLL, 24},           {FUSE_FALLOCATE, 32}, {FUSE_READDIRPLUS, 40},
        {FUSE_LSEEK, 24},    {FUSE_COPY_FILE_RANGE, 56}};
    for (const auto& [opcode, size] : smallest) {
        EXPECT_EQ(check(opcode, std::string(size, '\0')), 0) << opcode;
        EXPECT_EQ(check(opcode, std::string(size - 1, '\0')), EINVAL) << opcode;
    }
}

}  // namespace
}  // namespace famfs::fused
