// The devices of the pool that a mount serves, and what its documents are read against.
#pragma once

#include "liblog/device/extent_control.h"
#include "liblog/device/lock.h"
#include "liblog/device/memory.h"
#include "liblog/device/mode_hold.h"
#include "liblog/shadow/devices.h"
#include "omf/error.h"
#include "service/shadow/root.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace famfs::service {

// Memories by device index, with a shared "mounted" lock on each; a null one was not opened.
class Devices {
  public:
    // Finds every device of the pool: those of DIR/devices.yaml, at the paths given there or, where `paths`
    // has some, at the one whose superblock carries the device's uuid. A tree without devices.yaml takes one
    // path, and its geometry from there. In fsdev mode the one path is taken for the one device, and looked
    // at when it is opened. Refused: a device of another pool.
    static Result<Devices> locate(const ShadowRoot& shadow, const std::vector<std::string>& paths);

    // Opens and locks them all, for a data path that moves the bytes itself or makes extent files. Refused: a
    // device whose superblock does not show the pool and the device that the tree says, one that is being
    // formatted.
    Result<void> open(device::Access access);

    // Keeps those that are dax devices in their mode, for a data path that opens none of them. Refused as in
    // open(); see check_unopened() for one that cannot be looked at.
    Result<void> hold_modes();

    device::Access access() const { return access_; }
    // For who wants to work beside the mount on the same memory. The first device that was opened:
    // Description::identity, "" if none was; and the pool's uuid, "" if it is not known.
    std::string identity() const;
    std::string file_system() const;
    omf::Uuid file_system_uuid() const { return table_ ? table_->file_system : omf::Uuid{}; }
    // Once they are open in fsdev mode: makes files from their extents, which name a device by its index.
    const device::ExtentControl* extents() const { return extents_ ? &*extents_ : nullptr; }

    const std::vector<std::unique_ptr<device::Memory>>& memories() const { return memories_; }
    const famfs::shadow::DeviceTable& table() const { return *table_; }
    famfs::shadow::DocumentContext context() const { return context_; }  // refers to this object's table

  private:
    Result<void> attach();
    Result<void> take(std::size_t index, std::unique_ptr<device::Memory> memory);
    Result<void> check_unopened(std::size_t index) const;

    std::unique_ptr<famfs::shadow::DeviceTable> table_;
    famfs::shadow::DocumentContext context_;
    std::vector<std::unique_ptr<device::Memory>> memories_;
    std::vector<device::Lock> locks_;  // after memories_: let go before them
    std::vector<device::ModeHold> holds_;
    device::Access access_ = device::Access::read_only;
    std::optional<device::ExtentControl> extents_;
    bool trusted_ = false;  // nobody else can have written the table
};

// Whether this is the node of a dax device in fsdev mode, whose bytes only the kernel can reach.
bool is_fsdev(const std::string& path);

// DIR/devices.yaml; no value if there is none.
Result<std::optional<famfs::shadow::DeviceTable>> read_device_table(const ShadowRoot& shadow);

}  // namespace famfs::service
