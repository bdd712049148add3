// A pool in a dax device in devdax mode: the whole device mapped.
#pragma once

#include "liblog/device/dax_device.h"
#include "liblog/device/mapped_memory.h"
#include "liblog/device/mode_hold.h"
#include "liblog/file_descriptor.h"

namespace famfs::device {

class DaxMemory final : public MappedMemory {
  public:
    // Maps the device of an open node. Lazily: it costs nothing in proportion to the size.
    static Result<std::unique_ptr<Memory>> adopt(FileDescriptor node, const std::string& path,
                                                 const DaxDevice& device, ModeHold hold, Access access);
    ~DaxMemory() override;

    std::byte* mapping() const override { return base_; }
    int lock_descriptor() const override { return node_.get(); }

  protected:
    Result<std::span<std::byte>> locate(std::uint64_t offset, std::uint64_t length) const override {
        return std::span(base_ + offset, length);
    }

  private:
    DaxMemory(FileDescriptor node, Description description, ModeHold hold, std::byte* base, bool writable)
        : MappedMemory(std::move(description), writable),
          hold_(std::move(hold)),
          node_(std::move(node)),
          base_(base) {}

    ModeHold hold_;  // before node_: let go after it
    FileDescriptor node_;
    std::byte* base_;
};

}  // namespace famfs::device
