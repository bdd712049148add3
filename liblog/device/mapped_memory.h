// What memories have in common whose bytes are mapped: stores and loads go to the memory itself. Where it
// does not answer any more, because the device was unbound or a page of it is bad, they fail with EIO.
#pragma once

#include "liblog/device/memory.h"

namespace famfs::device {

class MappedMemory : public Memory {
  public:
    Result<void> read(std::uint64_t offset, std::span<std::byte> out) override;
    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) override;
    Result<void> zero(std::uint64_t offset, std::uint64_t length) override;
    Result<std::uint64_t> copy_from(int source, std::uint64_t source_offset, std::uint64_t offset,
                                    std::uint64_t length) override;
    Result<void> write_back(std::uint64_t offset, std::uint64_t length) override;
    Result<void> invalidate(std::uint64_t offset, std::uint64_t length) override;
    void fence() override;
    int descriptor() const override { return -1; }

  protected:
    MappedMemory(Description description, bool writable);

    // The mapped bytes of a range that lies on the device; an error if they are not within reach. They stay
    // mapped during the call that wanted them.
    virtual Result<std::span<std::byte>> locate(std::uint64_t offset, std::uint64_t length) const = 0;

  private:
    Result<std::span<std::byte>> find(std::uint64_t offset, std::uint64_t length) const;
    // find(), and that the mapping may be stored to.
    Result<std::span<std::byte>> find_for_store(std::uint64_t offset, std::uint64_t length) const;

    bool writable_;
};

}  // namespace famfs::device
