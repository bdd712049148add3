// DIR/devices.yaml: the devices of the pool that a shadow tree belongs to, and what its extents may touch.
#pragma once

#include "liblog/shadow/document.h"
#include "omf/error.h"
#include "omf/uuid.h"

#include <cstdint>
#include <string>
#include <vector>

namespace famfs::shadow {

struct DeviceRecord {
    omf::Uuid uuid;
    std::uint64_t size = 0;  // bytes
    std::string path;        // on this host; "" if not known
};

// By value; context() refers to this object.
struct DeviceTable {
    omf::Uuid file_system;
    std::uint64_t allocation_unit = omf::default_allocation_unit;
    std::uint64_t data_start = 0;
    std::vector<DeviceRecord> devices;  // by device index; 0 is the primary

    // Fills the views that DocumentContext needs. Call again after a change of `devices`.
    DocumentContext context();

  private:
    std::vector<std::uint64_t> sizes_;
    std::vector<omf::Uuid> uuids_;
};

std::string write_devices(const DeviceTable& table);
Result<DeviceTable> read_devices(std::string_view text);  // untrusted

}  // namespace famfs::shadow
