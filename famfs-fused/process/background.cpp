#include "famfs-fused/process/background.h"

#include "liblog/exit_status.h"
#include "liblog/file_descriptor.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace famfs::fused {

namespace {

int complain(const std::string& what) {
    fmt::print(stderr, "famfs-fused: {}\n", omf::one_line(what));
    return exit_system;
}

int status_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return complain(fmt::format("waiting for the daemon: {}", std::strerror(errno)));
    }
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    return complain(fmt::format("the daemon was killed by signal {}", WTERMSIG(status)));
}

int await(pid_t child, FileDescriptor reading) {
    char byte = 0;
    ssize_t got = 0;
    do {
        got = ::read(reading.get(), &byte, 1);
    } while (got < 0 && errno == EINTR);
    return got == 1 ? exit_done : status_of(child);
}

}  // namespace

FileDescriptor open_nothing() {
    return FileDescriptor(::open("/dev/null", O_RDWR | O_CLOEXEC));
}

void let_go_of_terminal(const FileDescriptor& nothing) {
    if (!nothing) return;
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        ::dup2(nothing.get(), standard);
}

int run_in_background(const std::function<int(const std::function<void()>& ready)>& body) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return complain(fmt::format("pipe: {}", std::strerror(errno)));
    FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    const pid_t command = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return complain(fmt::format("fork: {}", std::strerror(errno)));
    if (child > 0) {
        writing = FileDescriptor();
        return await(child, std::move(reading));
    }
    reading = FileDescriptor();
    // Whoever ends the command before the mount answers ends the daemon.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != command) return exit_system;
    ::setsid();
    return body([&writing] {
        ::prctl(PR_SET_PDEATHSIG, 0);
        let_go_of_terminal(open_nothing());
        [[maybe_unused]] const ssize_t told = ::write(writing.get(), "", 1);
        writing = FileDescriptor();
    });
}

}  // namespace famfs::fused
