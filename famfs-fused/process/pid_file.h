// The pid file: who serves the mount, and, by its lock, whether it still does.
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <string>

namespace famfs::fused {

// Writes this process's id to `path` and locks the file until destroyed; kind busy if another daemon holds
// it. The file stays where it is: the lock tells, and it goes with the process however that ends.
class PidFile {
  public:
    static Result<PidFile> create(const std::string& path);

  private:
    explicit PidFile(FileDescriptor file) : file_(std::move(file)) {}

    FileDescriptor file_;
};

}  // namespace famfs::fused
