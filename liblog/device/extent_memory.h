// A pool in a dax device in fsdev mode: ranges of it mapped through extent files of our kernel module.
#pragma once

#include "liblog/device/dax_device.h"
#include "liblog/device/extent_control.h"
#include "liblog/device/mode_hold.h"
#include "liblog/device/windowed_memory.h"
#include "liblog/file_descriptor.h"

namespace famfs::device {

// The node is not kept open: the kernel does not bear that over a change of the mode, which an operator may
// force.
class ExtentMemory final : public WindowedMemory {
  public:
    // Attaches the device of an open node and closes that. Refused if the module is not loaded.
    static Result<std::unique_ptr<Memory>> adopt(FileDescriptor node, const std::string& path,
                                                 const DaxDevice& device, ModeHold hold, Access access);
    ~ExtentMemory() override;

    Result<void> check_unused() override;

  protected:
    Result<FileDescriptor> open_file(std::span<const omf::Extent> extents, std::uint64_t size) override;

  private:
    ExtentMemory(Description description, ModeHold hold, ExtentControl control, std::uint32_t number,
                 Access access);

    ModeHold hold_;  // first: let go last
    ExtentControl control_;
    std::uint32_t number_;
};

}  // namespace famfs::device
