// Makes a mount.
#pragma once

#include "famfs-cli/mount/mount_options.h"
#include "famfs-cli/ui/console.h"

namespace famfs::cli {

// Replays, starts the daemon, returns the exit status. On failure nothing is left behind.
int mount_pool(Console& console, const MountRequest& request);

}  // namespace famfs::cli
