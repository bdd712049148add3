// The kernel resolves a device's path as whoever opens the first file of a mount sees it. So that is the
// daemon, in a process that still sees all files when the one that serves does not.
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <string>

namespace famfs::fused {

class OwnFile {
  public:
    // Starts a process that waits to open `path`, without `connection`, which is the mount's. Call before
    // anything is given up, and before there are threads. The process ends with this object.
    static Result<OwnFile> prepare(const std::string& path, int connection);

    // Has it open the file, once the mount answers. 0 or an errno.
    int open();

  private:
    explicit OwnFile(FileDescriptor line) : line_(std::move(line)) {}

    FileDescriptor line_;
};

}  // namespace famfs::fused
