// Removes a directory and all below it, directories without write permission included.
#pragma once

#include "omf/error.h"

#include <string>

namespace famfs {

// Never follows a symlink, never leaves the file system that `path` is on, and goes on past what it cannot
// remove; then the first failure is returned. What is not there, or not any more, is fine.
Result<void> remove_tree(const std::string& path);

// The same for all that is below an open directory, which stays; messages call it `shown`.
Result<void> remove_below(int directory, const std::string& shown);

}  // namespace famfs
