// What this kernel offers to this process, asked of the kernel itself.
#pragma once

#include "liblog/records/capabilities.h"

namespace famfs::fused {

// Looks at the rights of the process, the kernel's symbols, its FUSE and our module, whatever the device.
// Takes milliseconds: the symbols are a long read.
records::Capabilities find_capabilities();

}  // namespace famfs::fused
