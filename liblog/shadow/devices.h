// DIR/devices.yaml: the devices of the pool that a shadow tree belongs to, and what its extents may touch.
#pragma once

#include "liblog/shadow/document.h"
#include "omf/error.h"
#include "omf/uuid.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace famfs::shadow {

struct DeviceRecord {
    omf::Uuid uuid;
    std::uint64_t size = 0;  // bytes
    std::string path;        // on this host; "" if not known
};

struct DeviceTable {
    omf::Uuid file_system;
    std::uint64_t allocation_unit = omf::default_allocation_unit;
    std::uint64_t data_start = 0;

    // By device index; 0 is the primary.
    const std::vector<DeviceRecord>& devices() const { return devices_; }
    void add(DeviceRecord device);
    void set_path(std::size_t index, std::string path) { devices_[index].path = std::move(path); }

    // Refers to this object, until a device is added.
    DocumentContext context() const { return {{allocation_unit, data_start, sizes_}, uuids_}; }

  private:
    std::vector<DeviceRecord> devices_;
    std::vector<std::uint64_t> sizes_;
    std::vector<omf::Uuid> uuids_;
};

std::string write_devices(const DeviceTable& table);
Result<DeviceTable> read_devices(std::string_view text);  // untrusted

}  // namespace famfs::shadow
