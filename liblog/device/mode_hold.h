// Keeps a dax device in the mode it is in, among the programs of famfs.
#pragma once

#include "liblog/device/dax_system.h"
#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <sys/types.h>

#include <optional>
#include <string>

namespace famfs::device {

// Whoever has a dax node open holds one of these, shared, from before it opens the node; whoever changes the
// device's mode holds it alone. It is a lock on the device's directory in sysfs, which is there whatever
// driver the device has, and ends with its holder.
class ModeHold {
  public:
    // Waits while the mode is being changed. kind usage if `number`, that of the node at `path`, is no dax
    // device.
    static Result<ModeHold> acquire(const std::string& path, dev_t number);
    // The exclusive form for the device `name`; no value if somebody holds it.
    static Result<std::optional<ModeHold>> try_alone(const std::string& name,
                                                     const DaxSystem& system = host_system());

  private:
    explicit ModeHold(FileDescriptor directory) : directory_(std::move(directory)) {}

    FileDescriptor directory_;
};

}  // namespace famfs::device
