// What the system knows about a dax device.
#pragma once

#include "omf/error.h"
#include "omf/uuid.h"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace famfs::device {

enum class DaxMode {
    devdax,      // driver device_dax: the node can be mapped
    fsdev,       // driver fsdev_dax (Linux 7.1): for file systems; the node has no mmap
    system_ram,  // driver kmem: the kernel uses it as ordinary memory
    unbound,     // no driver
};

struct DaxDevice {
    std::string name;  // "dax0.0"
    DaxMode mode = DaxMode::unbound;
    std::uint64_t size = 0;         // bytes
    std::uint64_t alignment = 0;    // bytes; 0 if not known
    std::optional<omf::Uuid> uuid;  // the device's own tag: its region's uuid
};

// Looks `number`, the device number of the node at `path`, up with libdaxctl. kind usage if it is no dax
// device.
Result<DaxDevice> find_dax_device(const std::string& path, dev_t number);

}  // namespace famfs::device
