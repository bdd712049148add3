// What a mode allows, as the kernel would say.
#pragma once

#include "service/files/caller.h"
#include "service/outcome.h"

#include <sys/stat.h>

namespace famfs::service {

// `wanted` is made of R_OK, W_OK and X_OK. EACCES if the mode denies any of them. Root may do everything, but
// execute a file only if somebody may.
Outcome<void> check_access(const struct stat& status, const Caller& caller, int wanted);

}  // namespace famfs::service
