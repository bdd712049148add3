// The daemon's life: open, mount, serve, unmount.
#pragma once

#include "famfs-fused/options.h"
#include "famfs-fused/process/daemon_log.h"
#include "omf/error.h"

#include <functional>

namespace famfs::fused {

// Serves until the file system is unmounted or a signal ends it; nothing is left mounted when it returns.
// `ready` is called once the mount answers. Confined, it forks, and returns in both processes: the status to
// exit with.
Result<int> serve(const Options& options, DaemonLog& log, const std::function<void()>& ready);

}  // namespace famfs::fused
