// A pool in a dax device in devdax mode: the whole device mapped, stores and loads go to the memory.
#pragma once

#include "liblog/device/memory.h"
#include "liblog/file_descriptor.h"

#include <sys/types.h>

namespace famfs::device {

class DaxMemory final : public Memory {
  public:
    // `number` is the node's device number. Refused: a character device that is not dax, a dax device that is
    // not in devdax mode.
    static Result<std::unique_ptr<Memory>> adopt(FileDescriptor file, const std::string& path, dev_t number,
                                                 Access access);
    ~DaxMemory() override;

    Result<void> read(std::uint64_t offset, std::span<std::byte> out) override;
    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) override;
    Result<void> zero(std::uint64_t offset, std::uint64_t length) override;
    Result<std::uint64_t> copy_from(int source, std::uint64_t source_offset, std::uint64_t offset,
                                    std::uint64_t length) override;
    Result<void> write_back(std::uint64_t offset, std::uint64_t length) override;
    Result<void> invalidate(std::uint64_t offset, std::uint64_t length) override;
    void fence() override;
    int descriptor() const override { return -1; }
    std::byte* mapping() const override { return base_; }
    int lock_descriptor() const override { return file_.get(); }

  private:
    DaxMemory(FileDescriptor file, Description description, std::byte* base, bool writable)
        : Memory(std::move(description)), file_(std::move(file)), base_(base), writable_(writable) {}

    std::span<std::byte> range(std::uint64_t offset, std::uint64_t length) {
        return {base_ + offset, length};
    }
    // check_range(), and that the mapping may be stored to.
    Result<void> check_store(std::uint64_t offset, std::uint64_t length) const;

    FileDescriptor file_;
    std::byte* base_;
    bool writable_;
};

}  // namespace famfs::device
