// The image file that `mkfs --size` makes.
#pragma once

#include "omf/error.h"

#include <cstdint>
#include <optional>
#include <string>

namespace famfs::cli {

// What mkfs did to the file is undone on destruction, unless keep() was called.
class ImageFile {
  public:
    // Without a size nothing is done. With one: makes the file, sparse, or lets one that is there grow.
    // Refused: a device node; a file that is larger already; content that is known, unless `force`.
    static Result<ImageFile> prepare(const std::string& path, std::optional<std::uint64_t> size, bool force);

    ImageFile(ImageFile&& other) noexcept;
    ImageFile& operator=(ImageFile&&) = delete;
    ~ImageFile();

    void keep() { undo_ = Undo::nothing; }

  private:
    enum class Undo { nothing, remove, shrink };
    ImageFile(std::string path, Undo undo, std::uint64_t old_size)
        : path_(std::move(path)), undo_(undo), old_size_(old_size) {}

    static Result<ImageFile> create(const std::string& path, std::uint64_t size);
    static Result<ImageFile> grow(const std::string& path, std::uint64_t size, bool force);

    std::string path_;
    Undo undo_;
    std::uint64_t old_size_;
};

}  // namespace famfs::cli
