#include "famfs-cli/mount/ask_within.h"

#include "liblog/file_descriptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <exception>

namespace famfs::cli {
namespace {

[[noreturn]] void answer(const std::function<std::string()>& question, int to) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
        const std::string text = question();
        for (std::string_view rest = text; !rest.empty();) {
            const ssize_t written = ::write(to, rest.data(), rest.size());
            if (written <= 0) ::_exit(1);
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
        ::_exit(0);
    } catch (const std::exception&) {
        ::_exit(1);
    }
}

// All that comes until the other side is closed.
std::optional<std::string> read_until(int from, std::chrono::steady_clock::time_point end) {
    std::string text;
    std::array<char, 4096> piece{};
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        pollfd waiting{from, POLLIN, 0};
        const int ready = left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return std::nullopt;
        const ssize_t got = ::read(from, piece.data(), piece.size());
        if (got < 0) return std::nullopt;
        if (got == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace

std::optional<std::string> ask_within(std::chrono::milliseconds limit,
                                      const std::function<std::string()>& question) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    const FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) return std::nullopt;
    if (child == 0) answer(question, writing.get());
    writing = FileDescriptor();
    auto text = read_until(reading.get(), std::chrono::steady_clock::now() + limit);
    if (!text) ::kill(child, SIGKILL);
    int status = 0;
    // One that waits for a daemon may not even be killed: nobody waits for it.
    while (::waitpid(child, &status, text ? 0 : WNOHANG) < 0 && errno == EINTR)
        continue;
    return text && WIFEXITED(status) && WEXITSTATUS(status) != 0 ? std::nullopt : text;
}

}  // namespace famfs::cli
