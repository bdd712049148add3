// What the service has to say to the operator, line by line.
#pragma once

#include "service/rate_limit.h"

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace famfs::service {

enum class LogLevel { info, warning, error };

// Thread safe. What comes from outside goes through omf::printable first.
class Log {
  public:
    Log() = default;
    virtual ~Log() = default;
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    // Takes one message; never waits.
    virtual void write(LogLevel level, std::string_view message) = 0;

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
    bool admit(std::uint64_t& left_out);

    std::mutex mutex_;  // of limit_
    RateLimit limit_{burst, per_second};
};

}  // namespace famfs::service
