#include "famfs-fused/process/log_relay.h"

#include "famfs-fused/process/log_output.h"
#include "omf/path.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace famfs::fused {

namespace {

constexpr unsigned max_messages_at_once = 512;

// A backslash stays one: the other side has escaped what it printed already.
std::string safe(std::string_view text) {
    std::string out;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find('\\', start), text.size());
        out += omf::printable(text.substr(start, end - start));
        if (end < text.size()) out += '\\';
        start = end + 1;
    }
    return out;
}

LogLevel level_of(char byte) {
    constexpr std::array levels{LogLevel::info, LogLevel::warning, LogLevel::error};
    const auto* const known = std::ranges::find(levels, static_cast<int>(byte),
                                                [](LogLevel level) { return static_cast<int>(level); });
    return known != levels.end() ? *known : LogLevel::error;
}

}  // namespace

Result<LogChannel> LogChannel::create() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
        return fail_errno(errno, "log channel");
    return LogChannel{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

void LogRelay::pass_on() {
    std::array<char, max_log_line + 1> message{};
    for (unsigned count = 0; reader_ && count < max_messages_at_once; ++count) {
        const ssize_t got = ::recv(reader_.get(), message.data(), message.size(), MSG_DONTWAIT);
        if (got > 0) {
            pass_on({message.data(), static_cast<std::size_t>(got)});
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            reader_ = FileDescriptor();
        } else {
            return;
        }
    }
}

void LogRelay::pass_on(std::string_view message) {
    std::uint64_t left_out = 0;
    if (!limit_.admit(left_out)) return;
    if (left_out > 0) log_.warning("{} messages of the process that serves were left out", left_out);
    log_.write(level_of(message.front()), safe(message.substr(1)));
}

}  // namespace famfs::fused
