// What mounts left that ended without `famfs umount`.
#pragma once

#include "famfs-cli/ui/console.h"

namespace famfs::cli {

// Removes their run directories; their devices get their mode back. Of those that were detached (umount -l)
// and are in use still, it is said that they keep their device's mode.
void remove_stale_mounts(Console& console);

}  // namespace famfs::cli
