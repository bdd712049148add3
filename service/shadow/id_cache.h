// Ids of what has no document that names one, as DIR/ids tells them.
#pragma once

#include "liblog/index/inode.h"
#include "liblog/shadow/ids.h"
#include "service/log.h"
#include "service/shadow/identity.h"
#include "service/shadow/root.h"

#include <mutex>
#include <optional>
#include <string_view>

namespace famfs::service {

// Reads the file when it is first asked, and what was appended when an id is not there. Thread safe. `shadow`
// and `log` must outlive it.
class IdCache {
  public:
    IdCache(const ShadowRoot& shadow, Log& log) : shadow_(shadow), log_(log) {}

    // no_inode if the tree tells none. `path` is relative to the tree's root.
    index::InodeId find(std::string_view path);

  private:
    bool refresh();
    Outcome<void> read(const FileDescriptor& file, const struct stat& status);

    const ShadowRoot& shadow_;
    Log& log_;
    std::mutex mutex_;
    std::optional<famfs::shadow::IdTable> table_;
    Identity read_from_;
    std::uint64_t read_bytes_ = 0;
};

}  // namespace famfs::service
