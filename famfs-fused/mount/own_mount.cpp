#include "famfs-fused/mount/own_mount.h"

#include "famfs-fused/mount/user_unmount.h"
#include "omf/path.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace famfs::fused {

namespace {

const Mount* find_new(const std::vector<Mount>& mounts, const std::string& mountpoint, int connection) {
    const auto device = fuse_connection(fmt::format("/proc/self/fdinfo/{}", connection));
    const auto found = std::find_if(mounts.rbegin(), mounts.rend(), [&](const Mount& mount) {
        return mount.famfs() && mount.mountpoint == mountpoint && (!device || mount.device == *device);
    });
    return found == mounts.rend() ? nullptr : &*found;
}

// As an ordinary user by a program with more rights, which goes by the path.
Result<void> unmount(const std::vector<Mount>& mounts, const Mount& mount) {
    if (auto uncovered = check_uncovered(mounts, mount); !uncovered) return uncovered;
    if (auto empty = check_empty(mounts, mount); !empty) return empty;
    return ::geteuid() == 0 ? detach(mount) : unmount_as_user(mount.mountpoint);
}

// Others that show the same file system are somebody else's: bind mounts.
void tell_others(Log& log, const MountIdentity& own) {
    const auto mounts = read_mounts();
    if (!mounts) return;
    for (const Mount& other : *mounts)
        if (other.device == own.device && other.id != own.id)
            log.warning("{} shows the same files and has no daemon any more; umount it",
                        omf::printable(other.mountpoint));
}

}  // namespace

Result<std::optional<OwnMount>> OwnMount::find(const std::string& mountpoint, int connection) {
    const auto mounts = read_mounts();
    const Mount* const mount = mounts ? find_new(*mounts, mountpoint, connection) : nullptr;
    if (mount == nullptr) return std::nullopt;
    const Mount* const below = find_mount(*mounts, mount->parent);
    if (below == nullptr || !below->famfs() || below->mountpoint != mountpoint)
        return OwnMount(identify(*mount));
    if (auto undone = unmount(*mounts, *mount); !undone) return std::unexpected(undone.error());
    return fail(ErrorKind::busy, EBUSY,
                "mount point " + omf::printable(mountpoint) + ": something is mounted there already (" +
                    omf::printable(below->source) + ")");
}

void OwnMount::take_away(Log& log) const {
    const auto mounts = read_mounts();
    if (!mounts) {
        log.error("{}; the mount stays", mounts.error().message);
        return;
    }
    const Mount* const mount = find_mount(*mounts, identity_);
    if (mount == nullptr) {
        log.info("the mount is gone: unmounted");
        return;
    }
    const std::string shown = omf::printable(mount->mountpoint);
    if (auto done = unmount(*mounts, *mount); !done) {
        log.error("{}; the mount stays, without a daemon, until famfs umount", done.error().message);
    } else {
        log.info("unmounted {}", shown);
        tell_others(log, identity_);
    }
}

}  // namespace famfs::fused
