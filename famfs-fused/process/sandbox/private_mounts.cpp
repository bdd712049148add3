#include "famfs-fused/process/sandbox/sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace famfs::fused {

namespace {

std::unexpected<Error> failed(const char* step) {
    return fail_errno(errno, std::string("sandbox: private mounts: ") + step);
}

// In a chroot it is not, and cannot be exchanged.
bool root_is_mount() {
    struct statx status{};
    return ::statx(AT_FDCWD, "/", 0, 0, &status) == 0 && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

// The working directory becomes the root, and the old root, which then lies over it, goes.
Result<void> pivot_to_working_directory() {
    if (::syscall(SYS_pivot_root, ".", ".") != 0) return failed("pivot_root");
    if (::umount2(".", MNT_DETACH) != 0) return failed("umount of the old root");
    if (::chdir("/") != 0) return failed("chdir");
    return {};
}

}  // namespace

// Read-only too: nothing is written below the tree.
Result<bool> enter_private_mounts(const ShadowRoot& shadow) {
    // Asked first: a namespace of our own with the old mounts in it would hold ours, also once it is
    // unmounted.
    if (::geteuid() != 0 || !root_is_mount() || ::unshare(CLONE_NEWNS) != 0) return false;
    const char* tree = shadow.directory().c_str();
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return failed("making them private");
    if (::mount(tree, tree, nullptr, MS_BIND, nullptr) != 0) return failed("bind mount of the shadow tree");
    constexpr unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (::mount(nullptr, tree, nullptr, flags, nullptr) != 0)
        return failed("making the shadow tree read-only");
    if (::chdir(tree) != 0) return failed("chdir");
    if (auto done = pivot_to_working_directory(); !done) return std::unexpected(done.error());
    if (auto moved = shadow.move_to(FileDescriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC))); !moved)
        return std::unexpected(moved.error());
    return true;
}

}  // namespace famfs::fused
