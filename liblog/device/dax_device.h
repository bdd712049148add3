// What the system knows about dax devices.
#pragma once

#include "liblog/device/dax_system.h"
#include "omf/error.h"
#include "omf/uuid.h"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace famfs::device {

enum class DaxMode {
    devdax,      // driver device_dax: the node can be mapped
    fsdev,       // driver fsdev_dax (Linux 7.1): for file systems; the node has no mmap
    system_ram,  // driver kmem: the kernel uses it as ordinary memory
    unbound,     // no driver
};

std::string_view name(DaxMode mode);

struct DaxDevice {
    std::string name;  // "dax0.0"
    dev_t number = 0;  // of its node
    DaxMode mode = DaxMode::unbound;
    std::uint64_t size = 0;         // bytes
    std::uint64_t alignment = 0;    // bytes; 0 if not known
    std::optional<omf::Uuid> uuid;  // the device's own tag: its region's uuid
};

// A file of the device `name` in sysfs, or "" its directory.
std::string dax_device_file(const std::string& name, std::string_view file,
                            const DaxSystem& system = host_system());

// The name of the dax device whose node, at `path`, has this device number. kind usage if it is none.
Result<std::string> dax_name(const std::string& path, dev_t number);

// The mode of the device `name` as of now.
DaxMode dax_mode(const std::string& name, const DaxSystem& system = host_system());

// Looks `number`, the device number of the node at `path`, up with libdaxctl. kind usage if it is no dax
// device.
Result<DaxDevice> find_dax_device(const std::string& path, dev_t number);

// All dax devices of this host, by name.
Result<std::vector<DaxDevice>> list_dax_devices();

}  // namespace famfs::device
