// Memory that hands everything on to another one: for tests that change one thing about it.
#pragma once

#include "liblog/device/memory.h"

namespace famfs::test {

class WrappedMemory : public device::Memory {
  public:
    explicit WrappedMemory(std::unique_ptr<device::Memory> inner)
        : Memory(inner->description()), image_(std::move(inner)) {}

    Result<void> read(std::uint64_t offset, std::span<std::byte> out) override {
        return image_->read(offset, out);
    }
    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) override {
        return image_->write(offset, bytes);
    }
    Result<void> zero(std::uint64_t offset, std::uint64_t length) override {
        return image_->zero(offset, length);
    }
    Result<std::uint64_t> copy_from(int source, std::uint64_t at, std::uint64_t offset,
                                    std::uint64_t length) override {
        return image_->copy_from(source, at, offset, length);
    }
    Result<void> write_back(std::uint64_t offset, std::uint64_t length) override {
        return image_->write_back(offset, length);
    }
    Result<void> invalidate(std::uint64_t offset, std::uint64_t length) override {
        return image_->invalidate(offset, length);
    }
    void fence() override { image_->fence(); }
    int descriptor() const override { return image_->descriptor(); }
    std::byte* mapping() const override { return nullptr; }
    int lock_descriptor() const override { return image_->lock_descriptor(); }

  private:
    std::unique_ptr<device::Memory> image_;
};

}  // namespace famfs::test
