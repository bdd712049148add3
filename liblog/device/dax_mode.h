// Changing a dax device between devdax and fsdev mode, through sysfs: libdaxctl cannot, up to v81.
#pragma once

#include "liblog/device/dax_device.h"
#include "liblog/device/dax_system.h"
#include "omf/error.h"

#include <string>

namespace famfs::device {

// Puts the device `name` into `wanted`, devdax or fsdev; nothing to do if it is there. Needs root. The kernel
// sets up its description of the memory anew, which takes time in proportion to the device's size.
//
// Refused, each with its reason: a device in system-ram mode, one that is in use (mounted, written or read by
// a famfs program; its node open or mapped by any process that can be seen; extent files of it alive), a
// kernel without fsdev_dax. After a failure the device has its old mode, if the kernel lets it.
Result<void> set_dax_mode(const std::string& name, DaxMode wanted, const DaxSystem& system = host_system());

}  // namespace famfs::device
