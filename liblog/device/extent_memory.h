// A pool in a dax device in fsdev mode: ranges of it mapped through extent files of our kernel module.
#pragma once

#include "liblog/device/dax_device.h"
#include "liblog/device/extent_control.h"
#include "liblog/device/mapped_memory.h"
#include "liblog/device/mode_hold.h"
#include "liblog/file_descriptor.h"

#include <map>
#include <mutex>

namespace famfs::device {

// The superblock's region is an extent file of its own, which all processes share; the locks are on it. The
// node is not kept open: the kernel does not bear that over a change of the mode, which an operator may
// force.
class ExtentMemory final : public MappedMemory {
  public:
    // Attaches the device of an open node and closes that. Refused if the module is not loaded.
    static Result<std::unique_ptr<Memory>> adopt(FileDescriptor node, const std::string& path,
                                                 const DaxDevice& device, ModeHold hold, Access access);
    ~ExtentMemory() override;

    Result<Reach> reach(std::span<const omf::Extent> extents, std::uint64_t size) override;
    Result<void> check_unused() override;
    std::byte* mapping() const override { return nullptr; }
    int lock_descriptor() const override { return superblock_file_.get(); }

  protected:
    Result<std::span<std::byte>> locate(std::uint64_t offset, std::uint64_t length) const override;

  private:
    class Window;

    // A run of the device that is mapped at `base`.
    struct Run {
        std::uint64_t length = 0;
        std::byte* base = nullptr;
    };

    ExtentMemory(Description description, ModeHold hold, ExtentControl control, std::uint32_t number,
                 Access access);

    Result<FileDescriptor> open_file(std::span<const omf::Extent> extents, std::uint64_t size) const;
    Result<Reach> map(const FileDescriptor& file, std::span<const omf::Extent> extents, std::uint64_t size);
    void forget(const std::vector<omf::Extent>& extents);

    ModeHold hold_;  // first: let go last
    ExtentControl control_;
    std::uint32_t number_;
    Access access_;
    FileDescriptor superblock_file_;
    mutable std::mutex mutex_;
    std::map<std::uint64_t, Run> runs_;  // by offset in the device; they do not overlap
    Reach superblock_;                   // after what it lets go of itself from
};

}  // namespace famfs::device
