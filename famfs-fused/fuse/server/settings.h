// What the operations need to know about how this mount was asked for.
#pragma once

#include "famfs-fused/fuse/maps/kernel_abi.h"

#include <cstdint>

namespace famfs::fused {

struct Settings {
    double attribute_timeout = 1.0;  // seconds
    double entry_timeout = 1.0;      // seconds
    bool direct_io = false;
    unsigned max_read = 0;  // bytes; 0 = no limit but the kernel's
    bool read_only = false;
    AbiChoice kernel_abi = AbiChoice::automatic;
    std::uint64_t generation = 0;  // of provisional node ids: tells this daemon's from an earlier one's
};

}  // namespace famfs::fused
