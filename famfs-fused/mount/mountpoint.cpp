#include "famfs-fused/mount/mountpoint.h"

#include "liblog/mount_identity.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <thread>

namespace famfs::fused {

namespace {

// Asks nothing of what may be mounted there: its daemon may be dead, or not answer.
Result<void> check_directory(const std::string& mountpoint, const std::string& shown) {
    const FileDescriptor directory(::open(mountpoint.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return fail_errno(errno, "mount point " + shown);
    const auto there = identity_at(mountpoint);
    const auto mounts = read_mounts();
    if (!there || !mounts) return {};
    const Mount* const mount = find_mount(*mounts, *there);
    if (mount == nullptr || !mount->type.starts_with("fuse")) return {};
    struct statx status{};
    if (::statx(directory.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &status) == 0 &&
        (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0)
        return {};  // a directory in a mount of somebody else's
    return fail(
        ErrorKind::busy, EBUSY,
        fmt::format("mount point {}: something is mounted there already ({} {}); famfs umount frees it "
                    "if it is a famfs, with a daemon or without",
                    shown, omf::printable(mount->type), omf::printable(mount->source)));
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

constexpr auto turn_limit = std::chrono::seconds(10);

}  // namespace

// Whoever may read the directory can lock it too, so it is not waited for without end, and a mount that came
// about all the same is found by OwnMount::find().
MountTurn::MountTurn(const std::string& mountpoint)
    : directory_(::open(mountpoint.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)) {
    if (!directory_) return;
    const auto end = std::chrono::steady_clock::now() + turn_limit;
    while (::flock(directory_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK &&
           std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

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
