// A pool in a plain file. All processes of the host see it through the page cache, so there is nothing to
// flush; reads and writes are system calls, so a file that shrinks gives an error and never SIGBUS.
#pragma once

#include "liblog/device/memory.h"
#include "liblog/file_descriptor.h"

namespace famfs::device {

class ImageMemory final : public Memory {
  public:
    // `status` is that of the open file, a regular one.
    static std::unique_ptr<Memory> adopt(FileDescriptor file, const std::string& path,
                                         const struct stat& status);

    Result<void> check_present(std::uint64_t offset, std::uint64_t length) override;
    Result<void> resize(std::uint64_t size) override;
    Result<void> read(std::uint64_t offset, std::span<std::byte> out) override;
    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) override;
    Result<void> zero(std::uint64_t offset, std::uint64_t length) override;
    Result<std::uint64_t> copy_from(int source, std::uint64_t source_offset, std::uint64_t offset,
                                    std::uint64_t length) override;
    Result<void> write_back(std::uint64_t offset, std::uint64_t length) override;
    Result<void> invalidate(std::uint64_t offset, std::uint64_t length) override;
    void fence() override {}
    int descriptor() const override { return file_.get(); }
    std::byte* mapping() const override { return nullptr; }
    int lock_descriptor() const override { return file_.get(); }

  private:
    ImageMemory(FileDescriptor file, Description description)
        : Memory(std::move(description)), file_(std::move(file)) {}

    Result<std::uint64_t> copy_through_buffer(int source, std::uint64_t source_offset, std::uint64_t offset,
                                              std::uint64_t length);

    Result<void> overwrite(std::uint64_t offset, std::uint64_t length);
    Result<void> write_zeros(std::uint64_t offset, std::uint64_t length);

    FileDescriptor file_;
};

}  // namespace famfs::device
