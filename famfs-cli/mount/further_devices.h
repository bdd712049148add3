// Where on this host the further devices of a pool are.
#pragma once

#include "omf/entry.h"
#include "omf/error.h"
#include "omf/uuid.h"

#include <span>
#include <string>
#include <vector>

namespace famfs::cli {

// The paths of those devices of a pool (by index; 0, the primary, is left out) that are found: by the uuid in
// their superblock, among `given` and then among the host's dax devices. kind refused, ENODEV, for a given
// path that is none of them. One that is not found is left out: who needs it says so.
Result<std::vector<std::string>> find_further_devices(const omf::Uuid& file_system,
                                                      std::span<const omf::DaxDevice> devices,
                                                      std::span<const std::string> given);

}  // namespace famfs::cli
