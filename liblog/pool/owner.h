// Whose pool lies on a device, for who is about to erase it.
#pragma once

#include "liblog/device/memory.h"
#include "omf/error.h"

#include <optional>
#include <string>

namespace famfs::pool {

// No value if this host is the master of the pool whose superblock lies there, else what is known of it, for
// a message: "whose master is the host with system uuid …". A superblock that breaks a rule counts as this
// host's only if it names this host all the same. Pre: it begins with the magic number.
Result<std::optional<std::string>> describe_foreign(device::Memory& memory);

}  // namespace famfs::pool
