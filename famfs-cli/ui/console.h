// What a verb says: results to stdout, errors and notes to stderr, one line each.
#pragma once

#include "liblog/exit_status.h"
#include "omf/error.h"

#include <fmt/format.h>

#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace famfs::cli {

inline constexpr int exit_interrupted = 130;  // as a shell reports a program that SIGINT ended

enum class ProgressMode { automatic, never, always, json };

// Thread safe, except for the settings, which are made before any work starts.
class Console {
  public:
    bool verbose = false;
    bool quiet = false;
    bool json = false;
    ProgressMode progress = ProgressMode::automatic;

    Console() = default;
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    // To stdout as it is. The first failure is kept for close().
    void write(std::string_view text);

    template <typename... T>
    void print(fmt::format_string<T...> format, T&&... values) {
        write(fmt::format(format, std::forward<T>(values)...));
    }

    // To stderr as it is.
    void write_error(std::string_view text);
    // A line on stderr: "famfs: message". Text from outside is escaped where the message is made; what
    // slipped through is escaped here, so that it stays one line.
    void error(std::string_view message);
    // error(), and the exit status that the error stands for.
    int fail(const Error& error);
    // A line on stderr that is not an error; -q drops it.
    void note(std::string_view message);

    // Replaces the progress line on a terminal; the next message takes its place. "" takes it away.
    void show_transient(std::string_view line);
    // A whole line of progress, kept.
    void progress_line(std::string_view line);

    // Flushes stdout. Returns `status`, or that of a failed write to stdout if it is worse than none.
    int close(int status);

  private:
    void line(std::string_view prefix, std::string_view message);

    std::mutex mutex_;
    int output_error_ = 0;  // errno
    bool transient_ = false;
};

}  // namespace famfs::cli
