// The iomap data path: the kernel gets each file's map and moves the bytes by itself.
#pragma once

#include "service/data/data_path.h"
#include "service/data/map_service.h"
#include "service/log.h"

#include <memory>

namespace famfs::service {

// `maps` and `log` must outlive it.
std::unique_ptr<DataPath> make_iomap_path(const MapService& maps, Log& log);

}  // namespace famfs::service
