// Two processes for one mount: one that serves it with few rights, and one that keeps its rights, does next
// to nothing, and unmounts in the end.
#pragma once

#include "famfs-fused/fuse/session/session.h"
#include "famfs-fused/process/daemon_log.h"
#include "omf/error.h"

#include <functional>

namespace famfs::fused {

// What is done once the kernel's INIT is answered; an error ends the mount.
using Start = std::function<Result<void>()>;

enum class Terminal { keep, leave };

struct Guarded {
    Terminal terminal = Terminal::keep;
    // In the child: serves until the end, and calls its argument once the kernel's INIT is answered.
    std::function<Result<int>(const Start& initialised)> serve;
    // In the caller, after that.
    Start start;
};

// Forks. The child serves; its session no longer unmounts. The caller waits for it, passes SIGTERM, SIGINT
// and SIGHUP on to it as SIGTERM, writes its log for it, and unmounts when it has ended, however it did.
// Returns, in each of the two, the status to exit with, or the error of `start`. Call with one thread.
Result<int> serve_guarded(Session& session, DaemonLog& log, const Guarded& guarded);

}  // namespace famfs::fused
