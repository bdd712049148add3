// The kernel module famfs_dax: files that consist of given extents of dax devices in fsdev mode.
#pragma once

#include "liblog/device/memory.h"
#include "liblog/file_descriptor.h"
#include "omf/error.h"
#include "omf/layout.h"

#include <array>
#include <cstdint>
#include <string>

namespace famfs::device {

// An extent of a device by the number that attach() gave it.
using ExtentMap = omf::LayoutView;

// An open control descriptor of the module and the devices attached to it. Files outlive it.
// Thread safe, as the module is.
class ExtentControl {
  public:
    // kind refused if the module is not loaded (what would help is said), unsupported if it is too old.
    static Result<ExtentControl> open();

    struct Attached {
        std::uint32_t number = 0;  // of the device, in maps
        std::uint64_t size = 0;    // bytes
    };
    // Attaches the device of an open node, which may be closed then; `path` is for messages. kind busy if
    // something else in the kernel holds it. Needs CAP_SYS_RAWIO.
    Result<Attached> attach(int node, const std::string& path) const;

    // A descriptor of the file that has these extents and this size (not 0), the one that lives already
    // if there is one. errno in the error's code; EBUSY, kind busy, if it overlaps another living file.
    Result<FileDescriptor> open_file(ExtentMap map, std::uint64_t size, Access access) const;

    // How many bytes of an attached device belong to living files, whoever uses them.
    Result<std::uint64_t> claimed_bytes(std::uint32_t number) const;

    // Writes the CPU's dirty cache lines of the whole file back and drops them.
    static Result<void> invalidate_file(int file, std::uint64_t size);
    // Writes those of a range back.
    static Result<void> write_back(int file, std::uint64_t offset, std::uint64_t length);

    // The ioctl commands that the functions above use, but those of open() and attach().
    static std::array<unsigned long, 3> serving_commands();

  private:
    explicit ExtentControl(FileDescriptor control) : control_(std::move(control)) {}

    FileDescriptor control_;
};

}  // namespace famfs::device
