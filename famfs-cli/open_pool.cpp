#include "famfs-cli/open_pool.h"

#include "omf/path.h"

#include <fmt/format.h>

namespace famfs::cli {

std::string why_gone(const MountedPool& mount, const Result<pool::Pool>& found) {
    if (!found && found.error().kind != ErrorKind::corrupt) return mount.gone;
    if (!mount.file_system) return mount.gone;
    const std::string mounted = "file system " + omf::to_string(*mount.file_system) + " is mounted, ";
    if (!found) return mounted + "but " + found.error().message;
    const omf::Uuid& there = found->superblock().file_system;
    if (there == *mount.file_system) return mount.gone;
    return fmt::format("{}{} holds file system {}", mounted, omf::printable(mount.device),
                       omf::to_string(there));
}

std::string say_gone(const MountedPool& mount, std::string_view why) {
    const std::string mountpoint = omf::printable(mount.mount.mountpoint);
    return fmt::format("{}: its pool is gone: {}; famfs umount {}", mountpoint, why, mountpoint);
}

Result<pool::Pool> open_pool(const std::string& device, const std::optional<MountedPool>& mount) {
    auto pool = pool::Pool::open(device, device::Access::read_only);
    const std::string why = mount ? why_gone(*mount, pool) : "";
    if (why.empty()) return pool;
    const Error error = pool ? Error{ErrorKind::refused, ESTALE, ""} : pool.error();
    return fail(error.kind, error.code, say_gone(*mount, why));
}

}  // namespace famfs::cli
