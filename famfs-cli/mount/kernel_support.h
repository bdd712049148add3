// What the kernel of this host can do for a device in fsdev mode, and the modules that take part in it.
#pragma once

#include "liblog/records/capabilities.h"
#include "omf/error.h"

namespace famfs::cli {

// What the daemon finds that this kernel offers. kind unsupported if it cannot be asked.
Result<records::Capabilities> ask_capabilities();

// Whether the daemon finds that this kernel takes file maps.
bool kernel_takes_maps();

// Each loads a kernel module if it is not there; kind refused if that fails.
Result<void> load_fsdev_driver();   // binds devices in fsdev mode
Result<void> load_extent_module();  // our famfs_dax, through which such a device can be read

}  // namespace famfs::cli
