// The daemon's log: stderr in the foreground, syslog otherwise.
#pragma once

#include "liblog/file_descriptor.h"

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace famfs::fused {

enum class LogTarget { standard_error, system_log };
enum class LogLevel { info, warning, error };

// Thread safe, and never waits: a line that the log does not take is lost, and how many were is said with the
// next one. What comes from outside goes through omf::printable first; what slips through is escaped here, so
// that a message is always one line, cut at max_log_line.
class Log {
  public:
    explicit Log(LogTarget target);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    // Whether the log's place is out of reach once its process is confined: the system's log is, standard
    // error is open.
    bool needs_relay() const;

    // Sends lines to a LogRelay in another process from here on. Call with one thread.
    void relay_through(FileDescriptor socket);

    template <typename... Args>
    void info(fmt::format_string<Args...> format, Args&&... args) {
        write(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
    }
    template <typename... Args>
    void warning(fmt::format_string<Args...> format, Args&&... args) {
        write(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
    }
    template <typename... Args>
    void error(fmt::format_string<Args...> format, Args&&... args) {
        write(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
    }

    void write(LogLevel level, std::string_view message);

    // About one file of the pool: at most `burst` lines at once and `per_second` from then on; how many were
    // left out is said with the next one.
    void about_file(std::string_view place, std::string_view what);
    // The same for an errno that a call about the file ended with, if it is the system's fault; returns
    // `code`.
    int fault(std::string_view place, std::string_view call, int code);

    // About an exception that nobody expected. Lost if there is no memory for the line.
    void internal_error(const std::exception& problem) noexcept;

    static constexpr unsigned burst = 50;
    static constexpr unsigned per_second = 2;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace famfs::fused
