// The log of a process that cannot reach the system's log any more, passed on by one that can.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "liblog/file_descriptor.h"
#include "omf/error.h"
#include "service/log.h"
#include "service/rate_limit.h"

namespace famfs::fused {

struct LogChannel {
    FileDescriptor writer;  // for Log::relay_through()
    FileDescriptor reader;  // for a LogRelay
    // Neither end waits; what is written while it is full is lost. Messages keep their bounds.
    static Result<LogChannel> create();
};

// The reading side. What comes is anybody's text: it is escaped, cut, and limited to a burst of 200 lines and
// 20 per second; how many were left out is said with the next one.
class LogRelay {
  public:
    LogRelay(FileDescriptor reader, Log& log) : reader_(std::move(reader)), log_(log) {}

    // To poll for POLLIN; -1 once the other side has ended.
    int descriptor() const { return reader_.get(); }
    // Passes on what has come, at most a full channel. Does not wait.
    void pass_on();

  private:
    void pass_on(std::string_view message);

    FileDescriptor reader_;
    Log& log_;
    RateLimit limit_{200, 20};
};

}  // namespace famfs::fused
