// The copy data path: the daemon moves the bytes, extent by extent. Works on any kernel.
#pragma once

#include "service/data/data_path.h"
#include "service/device/devices.h"
#include "service/log.h"

#include <memory>

namespace famfs::service {

// `devices` and `log` must outlive it.
std::unique_ptr<DataPath> make_copy_path(const Devices& devices, Log& log);

}  // namespace famfs::service
