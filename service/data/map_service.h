// Who gives a kernel the maps of files, so that it moves their bytes by itself.
#pragma once

#include "omf/error.h"
#include "service/catalogue/node.h"

namespace famfs::service {

// Thread safe.
class MapService {
  public:
    virtual ~MapService() = default;
    MapService() = default;
    MapService(const MapService&) = delete;
    MapService& operator=(const MapService&) = delete;

    // Whether the kernel can be given the file's map; if not, one clause says why.
    virtual Result<void> check(const Node& node) const = 0;
};

}  // namespace famfs::service
