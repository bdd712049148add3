#include "liblog/mount_identity.h"

#include "liblog/file_descriptor.h"
#include "liblog/parse_number.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <fstream>

namespace famfs {
namespace {

constexpr unsigned unique_id_mask = 0x4000;  // STATX_MNT_ID_UNIQUE, which older headers do not know

// Served from what the kernel has at hand.
bool ask(int directory, const char* path, unsigned mask, struct statx& status) {
    constexpr int flags = AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
    return ::statx(directory, path, flags, mask, &status) == 0;
}

Result<MountIdentity> ask_identity(int directory, const std::string& path) {
    struct statx status{};
    if (!ask(directory, path.c_str(), STATX_MNT_ID, status)) return fail_errno(errno, omf::printable(path));
    MountIdentity found;
    if ((status.stx_mask & STATX_MNT_ID) != 0) found.id = status.stx_mnt_id;
    found.device = makedev(status.stx_dev_major, status.stx_dev_minor);
    if (ask(directory, path.c_str(), unique_id_mask, status) && (status.stx_mask & unique_id_mask) != 0)
        found.unique = status.stx_mnt_id;
    return found;
}

std::unexpected<Error> in_the_way(const Mount& mount, const char* how, const Mount& other) {
    return fail(ErrorKind::busy, EBUSY,
                fmt::format("{}: {} {}; umount {} first", omf::printable(mount.mountpoint), how,
                            describe(other), omf::printable(other.mountpoint)));
}

}  // namespace

bool agree(const MountIdentity& one, const MountIdentity& other) {
    return one.id == other.id && one.device == other.device &&
           (one.unique == other.unique || one.unique == 0 || other.unique == 0);
}

Result<MountIdentity> identity_at(const std::string& path) {
    return ask_identity(AT_FDCWD, path);
}

MountIdentity identify(const Mount& mount) {
    const MountIdentity listed{mount.id, mount.device, 0};
    const auto found = identity_at(mount.mountpoint);
    return found && agree(*found, listed) ? *found : listed;
}

const Mount* find_mount(const std::vector<Mount>& mounts, const MountIdentity& identity) {
    const Mount* const found = find_mount(mounts, identity.id);
    return found != nullptr && agree(identify(*found), identity) ? found : nullptr;
}

Result<void> check_uncovered(const std::vector<Mount>& mounts, const Mount& mount) {
    const auto found = identity_at(mount.mountpoint);
    if (found && found->id == mount.id) return {};
    if (const Mount* const cover = find_cover(mounts, mount)) return in_the_way(mount, "covered by", *cover);
    return fail(ErrorKind::busy, EBUSY,
                omf::printable(mount.mountpoint) + ": its path leads elsewhere by now");
}

const Mount* find_inner(const std::vector<Mount>& mounts, const Mount& mount) {
    const auto inner = std::ranges::find(mounts, mount.id, &Mount::parent);
    return inner == mounts.end() ? nullptr : &*inner;
}

Result<void> check_empty(const std::vector<Mount>& mounts, const Mount& mount) {
    const Mount* const inner = find_inner(mounts, mount);
    return inner == nullptr ? Result<void>() : in_the_way(mount, "in it is mounted", *inner);
}

// The path may lead elsewhere by the time it is used, so the check is made of what is unmounted.
Result<void> detach(const Mount& mount) {
    const std::string shown = omf::printable(mount.mountpoint);
    const FileDescriptor root(
        ::open(mount.mountpoint.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!root) return fail_errno(errno, "cannot unmount " + shown);
    const auto found = ask_identity(root.get(), "");
    if (!found || found->id != mount.id || found->device != mount.device)
        return fail(ErrorKind::busy, EBUSY, "cannot unmount " + shown + ": something else lies over it");
    const std::string path = fmt::format("/proc/self/fd/{}", root.get());
    if (::umount2(path.c_str(), MNT_DETACH) == 0) return {};
    return fail_errno(errno, "cannot unmount " + shown);
}

std::optional<dev_t> fuse_connection(const std::string& fdinfo) {
    constexpr std::string_view key = "fuse_connection:\t";
    constexpr unsigned minor_bits = 20;  // as the kernel has it inside
    std::ifstream file(fdinfo);
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(key)) continue;
        const auto number = parse_number<unsigned>(std::string_view(line).substr(key.size()));
        if (number) return makedev(*number >> minor_bits, *number & ((1U << minor_bits) - 1));
    }
    return std::nullopt;
}

std::string to_string(const MountIdentity& identity) {
    return fmt::format("{} {}:{} {}", identity.id, major(identity.device), minor(identity.device),
                       identity.unique);
}

std::optional<MountIdentity> parse_mount_identity(std::string_view text) {
    const auto first = text.find(' ');
    const auto colon = text.find(':', first);
    const auto second = text.find(' ', colon);
    if (first == std::string_view::npos || colon == std::string_view::npos ||
        second == std::string_view::npos)
        return std::nullopt;
    const auto id = parse_number<std::uint64_t>(text.substr(0, first));
    const auto major_number = parse_number<unsigned>(text.substr(first + 1, colon - first - 1));
    const auto minor_number = parse_number<unsigned>(text.substr(colon + 1, second - colon - 1));
    const auto unique = parse_number<std::uint64_t>(text.substr(second + 1));
    if (!id || !major_number || !minor_number || !unique) return std::nullopt;
    return MountIdentity{*id, makedev(*major_number, *minor_number), *unique};
}

}  // namespace famfs
