#include "famfs-cli/mount/open_pool.h"

#include "omf/path.h"

#include <fmt/format.h>

namespace famfs::cli {

std::string why_gone(const MountedPool& mount, const Result<pool::Pool>& found) {
    if (!found && found.error().kind != ErrorKind::corrupt) return mount.gone;
    const omf::Uuid& served = mount.served.file_system;
    if (served == omf::Uuid{}) return mount.gone;
    const std::string mounted = "file system " + omf::to_string(served) + " is mounted, ";
    if (!found) return mounted + "but " + found.error().message;
    const omf::Uuid& there = found->superblock().file_system;
    if (there == served) return mount.gone;
    return fmt::format("{}{} holds file system {}", mounted, omf::printable(mount.device),
                       omf::to_string(there));
}

std::string say_gone(const MountedPool& mount, std::string_view why) {
    const std::string mountpoint = omf::printable(mount.mount.mountpoint);
    return fmt::format("{}: its pool is gone: {}; famfs umount {}", mountpoint, why, mountpoint);
}

Result<pool::Pool> open_served(const std::string& device, const std::optional<MountedPool>& mount) {
    pool::Served served = mount ? mount->served : pool::Served{};
    served.file_system = {};
    return pool::Pool::open(device, device::Access::read_only, served);
}

Result<pool::Pool> open_pool(const std::string& device, const std::optional<MountedPool>& mount) {
    auto pool = open_served(device, mount);
    const std::string why = mount ? why_gone(*mount, pool) : "";
    if (why.empty()) return pool;
    const Error error = pool ? Error{ErrorKind::refused, ESTALE, ""} : pool.error();
    return fail(error.kind, error.code, say_gone(*mount, why));
}

}  // namespace famfs::cli
