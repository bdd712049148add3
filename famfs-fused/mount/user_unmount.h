// Unmounting without the rights of root.
#pragma once

#include "omf/error.h"

#include <string>

namespace famfs::fused {

// Takes the caller's FUSE mount on `mountpoint` (absolute) out of the tree, also while it is used, by a
// program that may. What that program says goes to nobody; the error names the program and its status.
Result<void> unmount_as_user(const std::string& mountpoint);

}  // namespace famfs::fused
