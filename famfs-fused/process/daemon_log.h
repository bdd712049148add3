// The daemon's log: stderr in the foreground, syslog otherwise.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "liblog/file_descriptor.h"
#include "service/log.h"

#include <memory>
#include <string_view>

namespace famfs::fused {

enum class LogTarget { standard_error, system_log };

// Thread safe, and never waits: a line that the log does not take is lost, and how many were is said with the
// next one. What slips through omf::printable is escaped here, so that a message is always one line, cut at
// max_log_line.
class DaemonLog final : public Log {
  public:
    explicit DaemonLog(LogTarget target);
    ~DaemonLog() override;

    void write(LogLevel level, std::string_view message) override;

    // Whether the log's place is out of reach once its process is confined: the system's log is, standard
    // error is open.
    bool needs_relay() const;

    // Sends lines to a LogRelay in another process from here on. Call with one thread.
    void relay_through(FileDescriptor socket);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace famfs::fused
