#include "famfs-cli/mount/process.h"

#include "liblog/file_io.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

namespace famfs::cli {
namespace {

class SpawnAttributes {
  public:
    SpawnAttributes() {
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawn_file_actions_init(&actions_);
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        for (const int signal : {SIGHUP, SIGINT, SIGTERM})
            sigdelset(&all, signal);  // what a caller ignores: nohup is meant for the whole command
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    SpawnAttributes(const SpawnAttributes&) = delete;
    SpawnAttributes& operator=(const SpawnAttributes&) = delete;
    ~SpawnAttributes() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    void redirect(int standard, int descriptor) {
        ::posix_spawn_file_actions_adddup2(&actions_, descriptor, standard);
    }
    const posix_spawnattr_t* attributes() const { return &attributes_; }
    const posix_spawn_file_actions_t* actions() const { return &actions_; }

  private:
    posix_spawnattr_t attributes_{};
    posix_spawn_file_actions_t actions_{};
};

Ended ended(int status) {
    if (WIFSIGNALED(status)) return {128 + WTERMSIG(status), true};
    return {WEXITSTATUS(status), false};
}

}  // namespace

std::string find_program(const std::string& name) {
    std::error_code code;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", code);
    if (!code) {
        const auto beside = self.parent_path() / name;
        if (::access(beside.c_str(), X_OK) == 0) return beside.string();
    }
    return name;
}

Result<Process> Process::start(const std::vector<std::string>& argv, std::optional<int> stderr_descriptor,
                               std::optional<int> stdout_descriptor, std::optional<int> status_descriptor) {
    SpawnAttributes spawn;
    if (stderr_descriptor) spawn.redirect(STDERR_FILENO, *stderr_descriptor);
    if (stdout_descriptor) spawn.redirect(STDOUT_FILENO, *stdout_descriptor);
    if (status_descriptor) spawn.redirect(status_number, *status_descriptor);
    std::vector<std::string> words(argv);
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (auto& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_t pid = -1;
    const int code =
        ::posix_spawnp(&pid, pointers.front(), spawn.actions(), spawn.attributes(), pointers.data(), environ);
    if (code != 0) return fail_errno(code, fmt::format("cannot run {}", omf::printable(argv.front())));
    return Process(pid);
}

Result<Ended> Process::wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0) {
        if (errno != EINTR) return fail_errno(errno, fmt::format("cannot wait for process {}", pid_));
    }
    return ended(status);
}

Result<std::optional<Ended>> Process::poll(std::chrono::milliseconds limit) {
    const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    pollfd wanted{process.get(), POLLIN, 0};
    if (!process || (::poll(&wanted, 1, static_cast<int>(limit.count())) < 0 && errno != EINTR)) {
        return fail_errno(errno, fmt::format("cannot wait for process {}", pid_));
    }
    int status = 0;
    const pid_t found = ::waitpid(pid_, &status, WNOHANG);
    if (found < 0) return fail_errno(errno, fmt::format("cannot wait for process {}", pid_));
    if (found == 0) return std::nullopt;
    return ended(status);
}

Result<ErrorCapture> ErrorCapture::make() {
    FileDescriptor file(::memfd_create("stderr", MFD_CLOEXEC));
    if (!file) return fail_errno(errno, "cannot make a place for error messages");
    return ErrorCapture(std::move(file));
}

std::string ErrorCapture::text() const {
    std::string text(8192, '\0');
    const auto length = read_at(file_.get(), std::as_writable_bytes(std::span(text)), 0);
    text.resize(length ? *length : 0);
    return text;
}

std::vector<std::string> ErrorCapture::lines() const {
    const std::string text = this->text();
    std::vector<std::string> found;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        if (end > start) found.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return found;
}

std::string_view without_daemon_name(std::string_view line) {
    constexpr std::string_view name = "famfs-fused: ";
    return line.starts_with(name) ? line.substr(name.size()) : line;
}

Result<std::string> run_for_output(const std::vector<std::string>& argv) {
    const auto output = ErrorCapture::make();
    const auto errors = ErrorCapture::make();
    if (!output || !errors) return std::unexpected((output ? errors : output).error());
    auto process = Process::start(argv, errors->descriptor(), output->descriptor());
    if (!process) return std::unexpected(process.error());
    const auto ended = process->wait();
    if (!ended) return std::unexpected(ended.error());
    if (ended->status == 0) return output->text();
    const auto said = errors->lines();
    const std::string why = said.empty() ? fmt::format("status {}", ended->status) : said.back();
    return fail(
        ErrorKind::unsupported, ENOTSUP,
        fmt::format("{}: {}", std::filesystem::path(argv.front()).filename().string(), omf::printable(why)));
}

}  // namespace famfs::cli
