// Removes a directory and all below it, directories without write permission included.
#pragma once

#include "omf/error.h"

#include <string>

namespace famfs::cli {

// Never follows a symlink, never leaves the file system that `path` is on, and goes on past what it cannot
// remove; then the first failure is returned. What is not there, or not any more, is fine.
Result<void> remove_tree(const std::string& path);

}  // namespace famfs::cli
