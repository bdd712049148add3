// mkfs: lays down a superblock and an empty log.
#pragma once

#include "liblog/device/memory.h"
#include "omf/error.h"
#include "omf/superblock.h"

#include <cstdint>
#include <optional>
#include <string>

namespace famfs::pool {

struct FormatOptions {
    std::uint64_t log_length = omf::minimum_log_length;  // bytes: a power of two, 8 MiB or more
    std::uint64_t allocation_unit = omf::default_allocation_unit;
    std::optional<omf::Uuid> device_uuid;  // random if not given
    bool force = false;                    // overwrite whatever is there
};

// What lies at the start of the memory: "famfs" (any version), the type libblkid knows it by, or "" for
// nothing known. The first 4 KiB decide for famfs.
Result<std::string> identify(device::Memory& memory);

// Formats `memory` for this host, which becomes the master. Refuses a pool that is mounted or being written,
// and without `force` any content that identify() knows. The old superblock goes first and the new one comes
// last, so that an interrupted run leaves no pool rather than half of one.
Result<omf::Superblock> format(device::Memory& memory, const FormatOptions& options);

// Wipes the superblock, so that the device is no pool any more. Refused if there is none, or as format() is.
Result<void> kill(device::Memory& memory);

}  // namespace famfs::pool
