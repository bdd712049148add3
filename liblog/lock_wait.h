// Waiting for a lock that somebody else holds.
#pragma once

#include "omf/error.h"

#include <functional>
#include <string>

namespace famfs {

// Calls `try_lock` until it says that it has the lock, or fails. A program that has blocked SIGINT, SIGTERM
// or SIGHUP to take them in its own time is not kept here by that: once one of them is pending, the wait ends
// with EINTR, which no other failure of a lock has. `what` names the lock.
Result<void> wait_for_lock(const std::function<Result<bool>()>& try_lock, const std::string& what);

// The same for flock(2), whose `operation` is LOCK_EX or LOCK_SH.
Result<void> wait_for_flock(int descriptor, int operation, const std::string& what);

}  // namespace famfs
