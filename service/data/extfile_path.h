// The extfile data path: each file is an extent file of our kernel module, which the kernel reads, writes and
// maps in its place (FUSE passthrough).
#pragma once

#include "service/data/backing_registrar.h"
#include "service/data/data_path.h"
#include "service/device/devices.h"
#include "service/log.h"

#include <memory>

namespace famfs::service {

// `devices`, opened in fsdev mode, and `log` must outlive it.
std::unique_ptr<DataPath> make_extfile_path(const Devices& devices, BackingRegistrar& registrar, Log& log);

}  // namespace famfs::service
