// /proc/self/mountinfo, as the kernel writes it and as nobody should.
#include "liblog/mounts.h"

#include "liblog/mount_identity.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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

TEST(Mounts, WhatCoversAMountIsFound) {
    const auto mounts = parse_mounts(
        "1 0 8:1 / / rw - ext4 root rw\n"
        "2 1 0:2 / /a rw - tmpfs below rw\n"
        "3 2 0:3 / /a/m rw - fuse.famfs pool rw,user_id=0\n"
        "4 3 0:4 / /a/m rw - tmpfs over rw\n"
        "5 1 0:5 / /ab rw - tmpfs beside rw\n"
        "6 1 0:6 / /b/m rw - fuse.famfs pool rw,user_id=0\n"
        "7 1 0:7 / /b rw - tmpfs above rw\n"
        "8 6 0:8 / /b/m/in rw - tmpfs inside rw\n"
        "9 1 0:9 / /c rw - fuse.famfs pool rw,user_id=0\n");
    ASSERT_EQ(mounts.size(), 9U);
    const Mount* const over = find_cover(mounts, *find_mount(mounts, std::uint64_t{3}));
    ASSERT_NE(over, nullptr);
    EXPECT_EQ(over->source, "over");
    const Mount* const above = find_cover(mounts, *find_mount(mounts, std::uint64_t{6}));
    ASSERT_NE(above, nullptr);
    EXPECT_EQ(describe(*above), "tmpfs above on /b");
    EXPECT_EQ(find_cover(mounts, *find_mount(mounts, std::uint64_t{9})), nullptr);
    EXPECT_EQ(find_mount(mounts, std::uint64_t{10}), nullptr);
}

TEST(Mounts, IdentityIsWrittenAndRead) {
    const MountIdentity identity{61, makedev(0, 52), 4294967400};
    EXPECT_EQ(to_string(identity), "61 0:52 4294967400");
    EXPECT_EQ(parse_mount_identity("61 0:52 4294967400"), identity);
    for (const char* const odd :
         {"", "61", "61 0:52", "61 0 4", "61 0:52 x", "x 0:52 1", "61 :52 1", "61  0:52 1"})
        EXPECT_EQ(parse_mount_identity(odd), std::nullopt) << odd;
}

TEST(Mounts, IdentityOfWhatIsMounted) {
    const auto mounts = read_mounts();
    ASSERT_TRUE(mounts);
    const auto proc = identity_at("/proc");
    ASSERT_TRUE(proc);
    const Mount* const found = find_mount(*mounts, *proc);
    if (found == nullptr) GTEST_SKIP() << "/proc is no mount here";
    MountIdentity older = identify(*found);
    if (older.unique == 0) return;
    --older.unique;  // had the same id and device
    EXPECT_EQ(find_mount(*mounts, older), nullptr);
}

TEST(Mounts, LinesThatMakeNoSenseAreLeftOut) {
    EXPECT_TRUE(parse_mounts("").empty());
    EXPECT_TRUE(parse_mounts("\n\n - \n").empty());
    EXPECT_TRUE(parse_mounts("x 0 0:1 / /m rw - tmpfs none rw").empty());
    EXPECT_TRUE(parse_mounts("1 0 0:1 / /m rw tmpfs none rw").empty());
    EXPECT_TRUE(parse_mounts("1 0 0:1 / /m - tmpfs none").empty());
    EXPECT_TRUE(parse_mounts("1 0 0:1 / /m rw - tmpfs").empty());
    EXPECT_TRUE(parse_mounts("1 x 0:1 / /m rw - tmpfs none rw").empty());
    EXPECT_TRUE(parse_mounts("1 0 01 / /m rw - tmpfs none rw").empty());
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
