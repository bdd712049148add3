// A directory of the shadow tree, read entry by entry with offsets that stay valid.
#pragma once

#include "service/outcome.h"

#include <sys/types.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace famfs::service {

struct DirectoryEntry {
    std::string_view name;  // NUL follows; valid until the stream moves on
    std::uint64_t inode = 0;
    unsigned char type = 0;  // DT_*
    off_t next = 0;          // the offset that continues after this entry
};

// Holds entries that were read ahead, and no descriptor: that is the caller's, of the same directory each
// time. Offsets are those of the underlying file system, so that they outlive changes as well as it lets
// them. Not thread safe.
class DirectoryStream {
  public:
    // Goes to an offset; keeps what was read ahead if the stream is there already.
    void seek(off_t offset);
    // The entry at the present offset; ENOENT at the end, EINVAL if there is no such offset.
    Outcome<DirectoryEntry> peek(int directory);
    void advance();

  private:
    Outcome<void> fill(int directory);

    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    off_t position_ = 0;
};

}  // namespace famfs::service
