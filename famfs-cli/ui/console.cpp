#include "famfs-cli/ui/console.h"

#include "omf/path.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace famfs::cli {
namespace {

// One write, so that lines of several processes do not mix. Nobody is left to tell if stderr fails.
void write_stderr(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

constexpr std::string_view clear_line = "\r\033[K";

}  // namespace

void Console::write(std::string_view text) {
    const std::lock_guard guard(mutex_);
    errno = 0;
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() && output_error_ == 0) {
        output_error_ = errno != 0 ? errno : EIO;
    }
}

void Console::write_error(std::string_view text) {
    const std::lock_guard guard(mutex_);
    write_stderr(text);
}

void Console::line(std::string_view prefix, std::string_view message) {
    const std::lock_guard guard(mutex_);
    write_stderr(
        fmt::format("{}{}{}\n", transient_ ? clear_line : "", prefix, omf::one_line(std::string(message))));
    transient_ = false;
}

void Console::error(std::string_view message) {
    line("famfs: ", message);
}

int Console::fail(const Error& failure) {
    error(failure.message);
    return exit_status(failure.kind);
}

void Console::note(std::string_view message) {
    if (!quiet) line("famfs: ", message);
}

void Console::progress_line(std::string_view text) {
    line("", text);
}

void Console::show_transient(std::string_view text) {
    const std::lock_guard guard(mutex_);
    if (text.empty() && !transient_) return;
    write_stderr(fmt::format("{}{}", clear_line, text));
    transient_ = !text.empty();
}

int Console::close(int status) {
    errno = 0;
    if (std::fflush(stdout) != 0 && output_error_ == 0) output_error_ = errno != 0 ? errno : EIO;
    if (output_error_ == 0) return status;
    const int code = std::exchange(output_error_, 0);
    const int failed = fail(fail_errno(code, "cannot write to standard output").error());
    return status == exit_done || status == exit_findings ? failed : status;
}

}  // namespace famfs::cli
