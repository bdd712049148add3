// Directories that nobody else can put something into.
#pragma once

#include "omf/error.h"

#include <string>

namespace famfs {

// kind refused, EPERM, naming the directory, unless `path` and every directory above it belong to root or to
// the effective user and no third user may write them; a sticky one such as /tmp may lie above. `path` is
// absolute and without symlinks (see resolve_directory()); what of it does not exist yet is left out.
Result<void> check_private(const std::string& path);

// The absolute path without symlinks, of which the last parts may not exist yet.
Result<std::string> resolve_directory(const std::string& path);

}  // namespace famfs
