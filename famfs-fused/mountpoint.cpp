#include "famfs-fused/mountpoint.h"

#include "omf/path.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace famfs::fused {

namespace {

std::unexpected<Error> dead_mount(const std::string& shown) {
    return fail(ErrorKind::busy, EBUSY,
                "mount point " + shown + ": a mount without a daemon is there; famfs umount " + shown);
}

Result<void> check_directory(const std::string& mountpoint, const std::string& shown) {
    struct statx status{};
    if (::statx(AT_FDCWD, mountpoint.c_str(), 0, STATX_TYPE, &status) != 0) {
        if (errno == ENOTCONN) return dead_mount(shown);
        return fail_errno(errno, "mount point " + shown);
    }
    if (!S_ISDIR(status.stx_mode)) return fail_errno(ENOTDIR, "mount point " + shown);
    if ((status.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0) return {};
    // The attributes may be the kernel's memory of a daemon that is gone.
    struct statfs system{};
    if (::statfs(mountpoint.c_str(), &system) != 0 && errno == ENOTCONN) return dead_mount(shown);
    if (system.f_type != FUSE_SUPER_MAGIC) return {};
    return fail(ErrorKind::busy, EBUSY, "mount point " + shown + ": something is mounted there already");
}

// A daemon that looks up a name in its own mount waits for itself.
bool holds(std::string_view outer, std::string_view inner) {
    return inner.starts_with(outer) &&
           (inner.size() == outer.size() || outer == "/" || inner[outer.size()] == '/');
}

Result<void> check_fuse_device() {
    if (::access("/dev/fuse", F_OK) == 0) return {};
    return fail(ErrorKind::unsupported, errno, "/dev/fuse is not there; modprobe fuse");
}

}  // namespace

std::optional<int> parse_connection(std::string_view mountpoint) {
    constexpr std::string_view prefix = "/dev/fd/";
    if (!mountpoint.starts_with(prefix)) return std::nullopt;
    int descriptor = -1;
    const char* const end = mountpoint.data() + mountpoint.size();
    const auto [rest, code] = std::from_chars(mountpoint.data() + prefix.size(), end, descriptor);
    if (code != std::errc{} || rest != end || descriptor < 0 || ::fcntl(descriptor, F_GETFD) < 0)
        return std::nullopt;
    return descriptor;
}

Result<std::string> check_mountpoint(const std::string& mountpoint, const std::string& shadow) {
    const std::string shown = omf::printable(mountpoint);
    if (auto checked = check_directory(mountpoint, shown); !checked) return std::unexpected(checked.error());
    const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(mountpoint.c_str(), nullptr), std::free);
    if (!resolved) return fail_errno(errno, "mount point " + shown);
    std::string absolute(resolved.get());
    if (holds(absolute, shadow) || holds(shadow, absolute)) {
        return fail(ErrorKind::usage, EINVAL,
                    "mount point " + shown + " and shadow tree " + omf::printable(shadow) +
                        " lie in one another; choose separate directories");
    }
    if (auto checked = check_fuse_device(); !checked) return std::unexpected(checked.error());
    return absolute;
}

}  // namespace famfs::fused
