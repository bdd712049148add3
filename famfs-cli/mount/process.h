// Other programs that verbs run.
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace famfs::cli {

// The path of a program of ours: beside the running executable, else whatever $PATH has.
std::string find_program(const std::string& name);

// How a program ended.
struct Ended {
    int status = 0;  // its exit status, or 128 + signal as a shell says it
    bool signalled = false;
};

// A running program. Destroying it does not end it.
class Process {
  public:
    // Starts `argv` with default signal handling, but HUP, INT and TERM as they are, and none blocked; stdin,
    // stdout and stderr are the caller's, but stderr goes to `stderr_descriptor` if given, stdout to
    // `stdout_descriptor`. The program has `status_descriptor`, if given, as number status_number.
    static Result<Process> start(const std::vector<std::string>& argv,
                                 std::optional<int> stderr_descriptor = {},
                                 std::optional<int> stdout_descriptor = {},
                                 std::optional<int> status_descriptor = {});
    static constexpr int status_number = 3;

    pid_t pid() const { return pid_; }
    Result<Ended> wait();
    // Waits at most `limit`; no value if it still runs.
    Result<std::optional<Ended>> poll(std::chrono::milliseconds limit);

  private:
    explicit Process(pid_t pid) : pid_(pid) {}
    pid_t pid_;
};

// Takes what a program writes to a descriptor, without waiting for all that inherit it to close it.
class ErrorCapture {
  public:
    static Result<ErrorCapture> make();

    int descriptor() const { return file_.get(); }
    // What came so far, at most 8 KiB; and its lines.
    std::string text() const;
    std::vector<std::string> lines() const;

  private:
    explicit ErrorCapture(FileDescriptor file) : file_(std::move(file)) {}
    FileDescriptor file_;
};

// What the daemon said, without its name at the start of the line.
std::string_view without_daemon_name(std::string_view line);

// Runs a program to its end; what it said on stdout, at most 8 KiB, or, if its status is not 0, the last it
// said on stderr as an error of kind unsupported.
Result<std::string> run_for_output(const std::vector<std::string>& argv);

}  // namespace famfs::cli
