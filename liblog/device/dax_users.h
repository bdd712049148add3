// Who uses a dax device on this host.
#pragma once

#include "liblog/device/dax_device.h"
#include "liblog/device/dax_system.h"
#include "omf/error.h"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace famfs::device {

// The processes that have the device's node open or mapped, as far as the caller may look into them. Costs in
// proportion to the open files of the host.
std::vector<pid_t> node_users(dev_t number, const DaxSystem& system = host_system());

// What the module famfs_dax says of a device that it holds.
struct ExtentUse {
    std::uint64_t claimed = 0;      // bytes that belong to living files
    std::uint64_t pinned = 0;       // of these, bytes of files that nobody has open or mapped, of which pages
                                    // are in a pipe or in I/O under way
    std::uint64_t attachments = 0;  // programs that make such files
};

// No value if the module is not loaded or does not hold the device (or the caller may not know: root may).
std::optional<ExtentUse> extent_use(const std::string& name, const DaxSystem& system = host_system());

// The name of a device whose unbinding waits for pages of its files, if there is one: as long as that lasts,
// the kernel lets no dax device change its driver, and who tries cannot be killed.
std::optional<std::string> leaving_device(const DaxSystem& system = host_system());

// A device's use by famfs and others.
struct DaxUse {
    bool mounted = false;     // a daemon serves it
    bool written = false;     // a verb appends to its log
    std::vector<pid_t> open;  // devdax: node_users()
    std::optional<ExtentUse> extents;
    bool any() const { return mounted || written || !open.empty() || extents.has_value(); }
};

DaxUse use_of(const DaxDevice& device);

}  // namespace famfs::device
