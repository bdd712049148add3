// What this kernel's FUSE can do, found out before anything is mounted.
#pragma once

#include "famfs-fused/fuse/wire/extension.h"
#include "omf/error.h"

namespace famfs::fused {

// INIT flags, as one number of 64 bits, newer than the headers that this is built with.
inline constexpr std::uint64_t init_direct_io_allow_mmap = std::uint64_t{1} << 36;
inline constexpr std::uint64_t init_passthrough = std::uint64_t{1} << 37;

// Makes a FUSE file system that is attached nowhere, takes the kernel's INIT from it, and lets it go again.
// Needs root (CAP_SYS_ADMIN).
Result<InitOffer> ask_kernel();

}  // namespace famfs::fused
