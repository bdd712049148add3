// Which program unmounts for an ordinary user.
#include "liblog/user_unmount.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace famfs {
namespace {

// A file in place of /etc/mtab.
class Mtab {
  public:
    explicit Mtab(const char* content) { std::ofstream(path_) << content; }
    ~Mtab() { std::remove(path_.c_str()); }
    Mtab(const Mtab&) = delete;
    Mtab& operator=(const Mtab&) = delete;
    bool lists(const char* mountpoint) const { return listed_in_mtab(mountpoint, path_.c_str()); }

  private:
    std::string path_ = ::testing::TempDir() + "famfs-mtab";
};

TEST(UserUnmount, MtabListsFuseMountsByTheirPath) {
    const Mtab mtab(
        "proc /proc proc rw 0 0\n"
        "/pool.img /mnt/with\\040space fuse.famfs rw,user_id=1000 0 0\n"
        "none /tmp tmpfs rw 0 0\n");
    EXPECT_TRUE(mtab.lists("/mnt/with space"));
    EXPECT_FALSE(mtab.lists("/mnt/with"));
    EXPECT_FALSE(mtab.lists("/tmp"));
}

TEST(UserUnmount, AnEmptyOrMissingMtabListsNothing) {
    EXPECT_FALSE(Mtab("").lists("/mnt"));
    EXPECT_FALSE(listed_in_mtab("/mnt", "/nonexistent/mtab"));
    EXPECT_FALSE(listed_in_mtab("/mnt", "/"));
}

TEST(UserUnmount, WithoutAnEntryTheKernelIsAsked) {
    const std::string nowhere = "/nonexistent/mount point";
    EXPECT_EQ(user_unmount_command(nowhere, false), (std::vector<std::string>{"umount", "--", nowhere}));
    EXPECT_EQ(user_unmount_command(nowhere, true),
              (std::vector<std::string>{"umount", "--lazy", "--", nowhere}));
    EXPECT_NE(user_unmount_hint(nowhere).find("/etc/mtab"), std::string::npos);
}

}  // namespace
}  // namespace famfs
