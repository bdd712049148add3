// A pool in a dax device that is mounted with data path iomap: the kernel holds the device for that mount
// alone, so its bytes are reached through files of the mount.
#pragma once

#include "liblog/device/dax_device.h"
#include "liblog/device/mode_hold.h"
#include "liblog/device/windowed_memory.h"
#include "liblog/mounts.h"

namespace famfs::device {

// The trusted mount that has the device at `path` (absolute) for itself.
std::optional<Mount> mount_that_holds(const std::string& path);

// Superblock and log are the mount's .meta/.superblock and .meta/.log. Other files have to be made by whoever
// wants them: see Memory::make_files_with().
class MountMemory final : public WindowedMemory {
  public:
    static Result<std::unique_ptr<Memory>> adopt(const Mount& mount, const std::string& path,
                                                 const DaxDevice& device, ModeHold hold, Access access);
    ~MountMemory() override;

    Result<void> check_unused() override;
    std::string mountpoint() const override { return mountpoint_; }
    void make_files_with(const FileMaker& maker) override { maker_ = maker; }

  protected:
    Result<FileDescriptor> open_file(std::span<const omf::Extent> extents, std::uint64_t size) override;

  private:
    MountMemory(Description description, ModeHold hold, std::string mountpoint, Access access);

    Result<FileDescriptor> open_meta(const char* name, std::uint64_t size) const;

    ModeHold hold_;  // first: let go last
    std::string mountpoint_;
    FileMaker maker_;
};

}  // namespace famfs::device
