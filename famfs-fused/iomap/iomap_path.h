// The iomap data path: the kernel gets each file's map and moves the bytes by itself.
#pragma once

#include "famfs-fused/data/data_path.h"
#include "famfs-fused/data/devices.h"
#include "famfs-fused/iomap/kernel_abi.h"
#include "famfs-fused/log.h"

#include <memory>

namespace famfs::fused {

// `devices` and `log` must outlive it.
std::unique_ptr<DataPath> make_iomap_path(const Devices& devices, AbiChoice choice, Log& log);

}  // namespace famfs::fused
