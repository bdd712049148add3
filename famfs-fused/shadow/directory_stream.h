// An open directory of the shadow tree, read entry by entry with offsets that stay valid.
#pragma once

#include "famfs-fused/outcome.h"
#include "liblog/file_descriptor.h"

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

namespace famfs::fused {

struct DirectoryEntry {
    std::string_view name;  // NUL follows; valid until the stream moves on
    std::uint64_t inode = 0;
    unsigned char type = 0;  // DT_*
    off_t next = 0;          // the offset that continues after this entry
};

// Offsets are those of the underlying file system, so that they outlive changes as well as it lets them.
// Not thread safe: hold mutex() around seek() … advance().
class DirectoryStream {
  public:
    explicit DirectoryStream(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}

    std::mutex& mutex() { return mutex_; }
    int descriptor() const { return descriptor_.get(); }

    // Goes to an offset; free if the stream is there already. EINVAL if there is no such offset.
    Outcome<void> seek(off_t offset);
    // The entry at the present offset; ENOENT at the end.
    Outcome<DirectoryEntry> peek();
    void advance();

  private:
    Outcome<void> fill();

    std::mutex mutex_;
    FileDescriptor descriptor_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    off_t position_ = 0;
};

}  // namespace famfs::fused
