// DEVICE or MOUNTPOINT: what fsck, info and logplay are pointed at.
#pragma once

#include "famfs-cli/mount/mounted_path.h"
#include "omf/error.h"

#include <optional>
#include <string>
#include <vector>

namespace famfs::cli {

struct Target {
    std::string device;                // to open
    std::optional<MountedPool> mount;  // if a mount point was named
};

// A directory must be a famfs mount point that is trusted; anything else is taken for a device.
Result<Target> resolve_target(const std::string& text);

// Refused if `text` is no famfs mount point.
Result<MountedPool> resolve_mountpoint(const std::string& text);

// The mount point's absolute path. The daemon of a mount there is not asked, so it may be dead.
Result<std::string> mountpoint_path(const std::string& text);

// The trusted famfs mounts whose source is `path` (absolute), of the device with this identity
// (device::Description): those of a file that had its path before are not among them. "" for any identity.
std::vector<MountedPool> mounts_of(const std::string& path, std::string_view identity);

}  // namespace famfs::cli
