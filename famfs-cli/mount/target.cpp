#include "famfs-cli/mount/target.h"

#include "liblog/file_descriptor.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace famfs::cli {
namespace {

// A dead mount counts as a directory: fstatat on it fails with ENOTCONN.
bool names_directory(const std::string& text) {
    struct stat status{};
    if (::stat(text.c_str(), &status) != 0) return errno == ENOTCONN;
    return S_ISDIR(status.st_mode);
}

}  // namespace

Result<std::string> mountpoint_path(const std::string& text) {
    if (text.empty()) return fail(ErrorKind::usage, ENOENT, "an empty path names no mount point");
    const FileDescriptor place(::open(text.c_str(), O_PATH | O_CLOEXEC));
    if (!place) return fail_errno(errno, omf::printable(text));
    return path_of(place.get());
}

Result<MountedPool> resolve_mountpoint(const std::string& text) {
    const auto path = mountpoint_path(text);
    if (!path) return std::unexpected(path.error());
    const auto mounts = read_mounts();
    if (!mounts) return std::unexpected(mounts.error());
    const Mount* const mount = find_mount(*mounts, *path);
    if (mount == nullptr || !mount->famfs()) {
        return fail(ErrorKind::refused, EINVAL,
                    fmt::format("{}: not a famfs mount point", omf::printable(text)));
    }
    return ask_mount(*mount);
}

Result<Target> resolve_target(const std::string& text) {
    if (!names_directory(text)) return Target{text, std::nullopt};
    auto mount = resolve_mountpoint(text);
    if (!mount) return std::unexpected(mount.error());
    std::string device = mount->device;
    return Target{std::move(device), std::move(*mount)};
}

std::vector<MountedPool> mounts_of(const std::string& path, std::string_view identity) {
    std::vector<MountedPool> found;
    const auto mounts = read_mounts();
    if (!mounts) return found;
    for (const Mount& mount : *mounts) {
        if (!mount.famfs() || mount.source != path) continue;
        auto asked = ask_mount(mount);
        if (!asked) continue;
        const std::string& served = asked->served.device;
        if (served.empty() || identity.empty() || served == identity) found.push_back(std::move(*asked));
    }
    return found;
}

}  // namespace famfs::cli
