// Where this host shows its dax devices and the drivers for them: /sys/bus/dax, /dev, /proc.
#pragma once

#include "omf/error.h"

#include <string>
#include <string_view>

namespace famfs::device {

// The paths of the host, or those of a directory that stands in for its root. Thread safe.
class DaxSystem {
  public:
    // `root` goes before each absolute path; "" is the host itself.
    explicit DaxSystem(std::string root = {}) : root_(std::move(root)) {}
    virtual ~DaxSystem() = default;
    DaxSystem(const DaxSystem&) = delete;
    DaxSystem& operator=(const DaxSystem&) = delete;

    // Where `path`, absolute on the host, lies.
    std::string at(std::string_view path) const { return root_ + std::string(path); }
    // A file of a driver of the dax bus: bind, unbind, new_id, remove_id.
    std::string driver_file(std::string_view driver, std::string_view file) const;

    // Writes a device's name to a driver's file. The kernel has bound or unbound the device when this
    // returns. An errno in the error's code.
    virtual Result<void> tell(std::string_view driver, std::string_view file, const std::string& name) const;

  private:
    std::string root_;
};

// The host itself.
const DaxSystem& host_system();

}  // namespace famfs::device
