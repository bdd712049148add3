// Where the lines of the log go. None of the places is waited for: a logger that has stopped must not stop
// the daemon.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "liblog/file_descriptor.h"
#include "service/log.h"

#include <memory>
#include <string>
#include <string_view>

namespace famfs::fused {

// Not thread safe: the log calls one at a time.
class LogOutput {
  public:
    virtual ~LogOutput() = default;
    // Takes one line, of at most max_log_line bytes. False if it is lost, since nobody listens or the other
    // side has no room just now.
    virtual bool take(LogLevel level, std::string_view line) noexcept = 0;
};

// Bytes; longer lines are cut. A pipe that is ready takes so much at once.
inline constexpr std::size_t max_log_line = 3072;

std::unique_ptr<LogOutput> log_to_standard_error();

// The system's log. Its socket is looked for again whenever it does not answer: it is made anew when the
// logger is restarted.
std::unique_ptr<LogOutput> log_to_system(std::string path = "/dev/log");

// Another process of ours, which reads `socket` with a LogRelay.
std::unique_ptr<LogOutput> log_to_relay(FileDescriptor socket);

}  // namespace famfs::fused
