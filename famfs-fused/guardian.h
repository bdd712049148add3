// Two processes for one mount: one that serves it with few rights, and one that keeps its rights, does
// nothing, and unmounts in the end.
#pragma once

#include "famfs-fused/session/session.h"
#include "omf/error.h"

#include <functional>

namespace famfs::fused {

// Forks. The child runs `serve`, whose session no longer unmounts. The caller waits for it, passes SIGTERM,
// SIGINT and SIGHUP on to it as SIGTERM, and unmounts when it has ended, however it did. Returns, in each of
// the two, the status to exit with. Call with one thread, with those signals blocked. `in_background`: the
// caller lets go of the terminal.
Result<int> serve_guarded(Session& session, bool in_background, const std::function<Result<int>()>& serve);

}  // namespace famfs::fused
