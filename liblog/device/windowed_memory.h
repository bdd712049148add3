// A pool in a dax device in fsdev mode: ranges of it are mapped through files that the kernel makes of them.
#pragma once

#include "liblog/device/mapped_memory.h"
#include "liblog/file_descriptor.h"

#include <map>
#include <mutex>

namespace famfs::device {

// The superblock's region is a file of its own, which all processes share; the locks are on it. Where the
// files come from is the derived classes' matter.
class WindowedMemory : public MappedMemory {
  public:
    Result<MappedRange> reach(std::span<const omf::Extent> extents, std::uint64_t size) override;
    std::byte* mapping() const override { return nullptr; }
    int lock_descriptor() const override { return superblock_file_.get(); }

  protected:
    WindowedMemory(Description description, Access access)
        : MappedMemory(std::move(description), access == Access::read_write), access_(access) {}
    // The derived class's destructor calls it, before what its files stand on goes.
    void let_go() { superblock_.reset(); }

    Access access() const { return access_; }
    // A file of these extents with this size, opened for access().
    virtual Result<FileDescriptor> open_file(std::span<const omf::Extent> extents, std::uint64_t size) = 0;
    // To be called once, before anything else.
    Result<void> open_superblock();

    Result<std::span<std::byte>> locate(std::uint64_t offset, std::uint64_t length) const override;

  private:
    class Window;

    // A run of the device that is mapped at `base`.
    struct Run {
        std::uint64_t length = 0;
        std::byte* base = nullptr;
    };

    Result<MappedRange> map(const FileDescriptor& file, std::span<const omf::Extent> extents,
                            std::uint64_t size);
    // By offset in the device. Two overlap only if they are equal: of one file that is mapped twice.
    using Runs = std::multimap<std::uint64_t, Run>;
    void forget(const std::vector<Runs::iterator>& runs);

    Access access_;
    FileDescriptor superblock_file_;
    mutable std::mutex mutex_;
    Runs runs_;
    MappedRange superblock_;  // after what it lets go of itself from
};

}  // namespace famfs::device
