// What can be known to be wrong with a mount before it is tried.
#pragma once

#include "omf/error.h"

#include <string>

namespace famfs::fused {

// Checks that `mountpoint` is a directory with no FUSE mount on it yet, that it does not hold or lie in the
// shadow tree `shadow` (an absolute path), and that /dev/fuse is there. Returns its absolute path.
Result<std::string> check_mountpoint(const std::string& mountpoint, const std::string& shadow);

}  // namespace famfs::fused
