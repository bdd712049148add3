// Changes a mount that is there.
#pragma once

#include "famfs-cli/ui/console.h"
#include "omf/error.h"

#include <string>
#include <vector>

namespace famfs::cli {

// Changes the attributes (ro, nosuid, ...) of the famfs that is mounted on `mountpoint`, of this mount alone.
// `device` may be empty; kind refused if another one is mounted there, or if its daemon cannot write.
Result<void> remount(Console& console, const std::string& device, const std::string& mountpoint,
                     const std::vector<std::string>& options);

}  // namespace famfs::cli
