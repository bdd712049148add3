// Open directories of a shadow tree, so that a thousand files of one directory cost one path walk.
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <sys/types.h>

#include <cstdint>
#include <list>
#include <string>
#include <utility>
#include <vector>

namespace famfs::shadow {

// Not thread safe.
class DirectoryCache {
  public:
    // `root` is DIR/root.
    explicit DirectoryCache(FileDescriptor root) : root_(std::move(root)) {}
    ~DirectoryCache();
    DirectoryCache(const DirectoryCache&) = delete;
    DirectoryCache& operator=(const DirectoryCache&) = delete;

    int root() const { return root_.get(); }

    // A descriptor of directory `path`, relative to the root ("" is the root), which the caller may make
    // things in. Valid until the next call. An ordinary user may not write to a directory of a mode like
    // 0555: such a one is opened up until restore_modes().
    Result<int> get(const std::string& path);

    // Sets a directory's mode at the next restore_modes(), so that things can still be made in it until then.
    void set_mode_later(const std::string& path, mode_t mode) { later_.emplace_back(path, mode); }

    // Whether get() had to change the mode of a directory that was there before.
    bool opened_up() const { return opened_up_; }

    // Drops all open directories and gives each directory the mode that it should have. The first error, if
    // one of them could not be given it.
    Result<void> restore_modes();

  private:
    Result<FileDescriptor> open(const std::string& path);
    Result<void> open_up(const std::string& path);

    FileDescriptor root_;
    std::list<std::pair<std::string, FileDescriptor>> open_;  // most recently used first
    std::vector<std::pair<std::string, mode_t>> later_;
    bool opened_up_ = false;
};

}  // namespace famfs::shadow
