// Collects what libfuse and fusermount3 say, so that it can become one line of ours.
#pragma once

#include "liblog/file_descriptor.h"

#include <string>

namespace famfs::fused {

// From construction to destruction standard error goes to a file in memory. For one thread alone.
class CapturedStderr {
  public:
    CapturedStderr();
    ~CapturedStderr();
    CapturedStderr(const CapturedStderr&) = delete;
    CapturedStderr& operator=(const CapturedStderr&) = delete;

    // The last line said so far, without control characters; "" if none.
    std::string last_line() const;

  private:
    FileDescriptor original_;
    FileDescriptor file_;
};

}  // namespace famfs::fused
