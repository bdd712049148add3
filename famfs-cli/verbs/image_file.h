// The image file that `mkfs --size` makes.
#pragma once

#include "liblog/device/memory.h"
#include "liblog/pool/sole_use.h"
#include "omf/error.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace famfs::cli {

// Opened once, and nobody else's on this host as long as the object lives. What was done to the file is
// undone on destruction, while that still holds, unless keep() was called: a file that was made goes, if its
// name is still its own; one that grew gets its old size.
class ImageFile {
  public:
    // Opens the file, or makes an empty one. Refused: a device node; kind busy: a file that somebody uses.
    static Result<ImageFile> open(const std::string& path);

    ImageFile(ImageFile&& other) noexcept = default;
    ImageFile& operator=(ImageFile&&) = delete;
    ~ImageFile();

    const pool::SoleUse& use() const { return *use_; }
    device::Memory& memory() const { return *memory_; }

    // Gives it this size, sparse. Refused: a file that is larger already.
    Result<void> grow(std::uint64_t size);

    void keep() { kept_ = true; }

  private:
    // A file that is not empty any more, though it was just made, is another mkfs's by now.
    ImageFile(std::unique_ptr<device::Memory> memory, bool made)
        : memory_(std::move(memory)), old_size_(memory_->size()), made_(made && old_size_ == 0) {}

    static Result<ImageFile> open_or_make(const std::string& path);

    std::unique_ptr<device::Memory> memory_;
    std::optional<pool::SoleUse> use_;  // after memory_: let go before it
    std::uint64_t old_size_;
    bool made_;
    bool kept_ = false;
};

}  // namespace famfs::cli
