// Ends a mount, and what belongs to it on this host.
#pragma once

#include "famfs-cli/ui/console.h"
#include "omf/error.h"

#include <string>

namespace famfs::cli {

// Unmounts the famfs on `mountpoint`, waits for its daemon, gives its device's mode back, and removes what
// `famfs mount` made; also of a mount that is gone already. kind busy if it is in use, unless `lazy`: then
// it is detached at once, and what cannot end yet is left to the next mount or unmount, which is noted.
Result<void> unmount(Console& console, const std::string& mountpoint, bool lazy);

}  // namespace famfs::cli
