// The extfile data path: each file is an extent file of our kernel module, which the kernel reads, writes and
// maps in its place (FUSE passthrough).
#pragma once

#include "famfs-fused/data/data_path.h"
#include "famfs-fused/data/devices.h"
#include "famfs-fused/log.h"

#include <memory>

namespace famfs::fused {

// `devices`, opened in fsdev mode, and `log` must outlive it.
std::unique_ptr<DataPath> make_extfile_path(const Devices& devices, Log& log);

}  // namespace famfs::fused
