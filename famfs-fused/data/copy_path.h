// The copy data path: the daemon moves the bytes, extent by extent. Works on any kernel.
#pragma once

#include "famfs-fused/data/data_path.h"
#include "famfs-fused/data/devices.h"
#include "famfs-fused/log.h"

#include <memory>

namespace famfs::fused {

// `devices` and `log` must outlive it.
std::unique_ptr<DataPath> make_copy_path(const Devices& devices, Log& log);

}  // namespace famfs::fused
