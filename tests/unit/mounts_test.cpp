// /proc/self/mountinfo, as the kernel writes it and as nobody should.
#include "liblog/mounts.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace famfs {
namespace {

constexpr const char* ordinary =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "61 22 0:52 / /mnt/with\\040space\\011tab rw,nosuid,nodev,relatime shared:7 master:1 - fuse.famfs "
    "/pools/a\\134b.img rw,user_id=1000,group_id=1000\n"
    "62 22 0:53 /below /mnt/bind ro,relatime - fuse.famfs /dev/dax0.0 rw,user_id=0,group_id=0,allow_other\n";

TEST(Mounts, FieldsAreReadAndUnescaped) {
    const auto mounts = parse_mounts(ordinary);
    ASSERT_EQ(mounts.size(), 3U);
    EXPECT_FALSE(mounts[0].famfs());
    EXPECT_EQ(mounts[1].id, 61U);
    EXPECT_TRUE(mounts[1].famfs());
    EXPECT_EQ(mounts[1].root, "/");
    EXPECT_EQ(mounts[1].mountpoint, "/mnt/with space\ttab");
    EXPECT_EQ(mounts[1].source, "/pools/a\\b.img");
    EXPECT_EQ(mounts[1].user, uid_t{1000});
    EXPECT_FALSE(mounts[1].read_only);
    EXPECT_EQ(mounts[2].root, "/below");
    EXPECT_TRUE(mounts[2].read_only);
    EXPECT_EQ(mounts[2].user, uid_t{0});
}

TEST(Mounts, TheLastOneIsOnTop) {
    const auto mounts = parse_mounts(
        "1 0 0:1 / /m rw - tmpfs below rw\n"
        "2 0 0:2 / /m rw - fuse.famfs above rw,user_id=0\n");
    const Mount* const found = find_mount(mounts, "/m");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->source, "above");
    EXPECT_EQ(find_mount(mounts, "/n"), nullptr);
    EXPECT_EQ(find_mount(mounts, "/"), nullptr);
}

TEST(Mounts, LinesThatMakeNoSenseAreLeftOut) {
    EXPECT_TRUE(parse_mounts("").empty());
    EXPECT_TRUE(parse_mounts("\n\n - \n").empty());
    EXPECT_TRUE(parse_mounts("x 0 0:1 / /m rw - tmpfs none rw").empty());
    EXPECT_TRUE(parse_mounts("1 0 0:1 / /m rw tmpfs none rw").empty());
    EXPECT_TRUE(parse_mounts("1 0 0:1 / /m - tmpfs none").empty());
    EXPECT_TRUE(parse_mounts("1 0 0:1 / /m rw - tmpfs").empty());
    const auto odd = parse_mounts("1 0 0:1 / /m\\04 rw - fuse.famfs \\9 rw,user_id=99999999999");
    ASSERT_EQ(odd.size(), 1U);
    EXPECT_EQ(odd[0].mountpoint, "/m\\04");
    EXPECT_EQ(odd[0].user, std::nullopt);
}

TEST(Mounts, RootAndTheCallerAreTrusted) {
    Mount mount;
    mount.mountpoint = "/m";
    mount.user = 0;
    EXPECT_TRUE(check_trusted(mount));
    mount.user = ::geteuid();
    EXPECT_TRUE(check_trusted(mount));
    mount.user = ::geteuid() + 1;
    ASSERT_FALSE(check_trusted(mount));
    EXPECT_EQ(check_trusted(mount).error().kind, ErrorKind::refused);
    mount.user.reset();
    EXPECT_FALSE(check_trusted(mount));
}

// In a chroot / need not be one of them: then only what is mounted below it is shown.
TEST(Mounts, ThisSystemsAreRead) {
    const auto mounts = read_mounts();
    ASSERT_TRUE(mounts);
    EXPECT_NE(find_mount(*mounts, "/proc"), nullptr);  // where they are read from
    struct statx root{};
    ASSERT_EQ(::statx(AT_FDCWD, "/", 0, 0, &root), 0);
    const bool mounted = (root.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    EXPECT_EQ(find_mount(*mounts, "/") != nullptr, mounted);
}

}  // namespace
}  // namespace famfs
