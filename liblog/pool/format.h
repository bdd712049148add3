// mkfs: lays down a superblock and an empty log.
#pragma once

#include "liblog/device/memory.h"
#include "liblog/pool/sole_use.h"
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
    bool force = false;                    // overwrite what is there,
    bool foreign = false;                  // with `force` another host's pool too
};

// What lies at the start of the memory: "famfs" (any version), the type libblkid knows it by, or "" for
// nothing known. The first 4 KiB decide for famfs.
Result<std::string> identify(device::Memory& memory);

// Refused (EEXIST) if the memory holds content that identify() knows, without `force`; or a pool that is not
// this host's (describe_foreign()), without `force` and `foreign`.
Result<void> check_erasable(device::Memory& memory, const FormatOptions& options);

// Formats the memory for this host, which becomes the master, if it is erasable. The old superblock goes
// first and the new one comes last, so that an interrupted run leaves no pool rather than half of one.
Result<omf::Superblock> format(const SoleUse& use, const FormatOptions& options);
// The same for who does not have it yet.
Result<omf::Superblock> format(device::Memory& memory, const FormatOptions& options);

// Wipes the superblock, so that the device is no pool any more. Refused if there is none, if somebody uses
// it, or if it is another host's, without `foreign`.
Result<void> kill(device::Memory& memory, bool foreign);

}  // namespace famfs::pool
