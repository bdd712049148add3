// The devices of the pool that a mount serves, and what its documents are read against.
#pragma once

#include "famfs-fused/shadow/root.h"
#include "liblog/device/lock.h"
#include "liblog/device/memory.h"
#include "liblog/shadow/devices.h"
#include "omf/error.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace famfs::fused {

// Memories by device index, with a shared "mounted" lock on each; a null one was not opened.
class Devices {
  public:
    // Opens every device of the pool: those of DIR/devices.yaml, at the paths given there or, where `paths`
    // has some, at the one whose superblock carries the device's uuid. A tree without devices.yaml takes one
    // path, and its geometry from there. Refused: a device of another pool, one that is being formatted.
    static Result<Devices> open(const ShadowRoot& shadow, const std::vector<std::string>& paths,
                                device::Access access);

    const std::vector<std::unique_ptr<device::Memory>>& memories() const { return memories_; }
    const famfs::shadow::DeviceTable& table() const { return *table_; }
    famfs::shadow::DocumentContext context() const { return context_; }  // refers to this object's table

  private:
    Result<void> take(std::size_t index, std::unique_ptr<device::Memory> memory);

    std::unique_ptr<famfs::shadow::DeviceTable> table_;
    famfs::shadow::DocumentContext context_;
    std::vector<std::unique_ptr<device::Memory>> memories_;
    std::vector<device::Lock> locks_;  // after memories_: let go before them
};

// DIR/devices.yaml; no value if there is none.
Result<std::optional<famfs::shadow::DeviceTable>> read_device_table(const ShadowRoot& shadow);

}  // namespace famfs::fused
