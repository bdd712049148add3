// What a container or a sandbox takes away that a mount needs.
#pragma once

#include <string>

namespace famfs::fused {

// To be added to a failed mount's message: ": …", or "" if nothing is known to be missing.
std::string missing_mount_rights();

}  // namespace famfs::fused
