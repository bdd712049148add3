#include "famfs-fused/process/log_output.h"

#include "famfs-fused/process/log_relay.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace famfs::fused {

namespace {

constexpr std::string_view name = "famfs-fused";

class StandardError final : public LogOutput {
  public:
    bool take(LogLevel, std::string_view line) noexcept override try {
        pollfd ready{STDERR_FILENO, POLLOUT, 0};
        if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
        const std::string text = fmt::format("{}: {}\n", name, line);
        return ::write(STDERR_FILENO, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    } catch (const std::exception&) {
        return false;
    }
};

int priority(LogLevel level) {
    switch (level) {
        case LogLevel::info:
            return LOG_INFO;
        case LogLevel::warning:
            return LOG_WARNING;
        case LogLevel::error:
            break;
    }
    return LOG_ERR;
}

class SystemLog final : public LogOutput {
  public:
    explicit SystemLog(std::string path) : path_(std::move(path)) {
        ::tzset();
        connect();
    }

    bool take(LogLevel level, std::string_view line) noexcept override try {
        const std::string text = frame(level, line);
        if (send(text)) return true;
        if (errno == EAGAIN || errno == ENOBUFS || errno == EMSGSIZE) return false;
        connect();
        return send(text);
    } catch (const std::exception&) {
        return false;
    }

  private:
    // As syslog(3) writes it; what reads the socket knows no other form.
    static std::string frame(LogLevel level, std::string_view line) {
        const time_t now = ::time(nullptr);
        tm parts{};
        std::array<char, 32> date{};
        ::localtime_r(&now, &parts);
        ::strftime(date.data(), date.size(), "%h %e %T", &parts);
        return fmt::format("<{}>{} {}[{}]: {}", LOG_DAEMON | priority(level), date.data(), name, ::getpid(),
                           line);
    }

    void connect() {
        sockaddr_un address{};
        socket_ = FileDescriptor();
        if (path_.size() >= sizeof address.sun_path) return;
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, path_.size());
        FileDescriptor made(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const auto* const where = reinterpret_cast<const sockaddr*>(&address);
        if (made && ::connect(made.get(), where, sizeof address) == 0) socket_ = std::move(made);
    }

    bool send(const std::string& text) const {
        return ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
    }

    std::string path_;
    FileDescriptor socket_;
};

class Relay final : public LogOutput {
  public:
    explicit Relay(FileDescriptor socket) : socket_(std::move(socket)) {}

    bool take(LogLevel level, std::string_view line) noexcept override {
        std::byte kind{static_cast<unsigned char>(level)};
        const std::array message{iovec{&kind, 1}, iovec{const_cast<char*>(line.data()), line.size()}};
        return ::writev(socket_.get(), message.data(), static_cast<int>(message.size())) > 0;
    }

  private:
    FileDescriptor socket_;
};

}  // namespace

std::unique_ptr<LogOutput> log_to_standard_error() {
    return std::make_unique<StandardError>();
}

std::unique_ptr<LogOutput> log_to_system(std::string path) {
    return std::make_unique<SystemLog>(std::move(path));
}

std::unique_ptr<LogOutput> log_to_relay(FileDescriptor socket) {
    return std::make_unique<Relay>(std::move(socket));
}

}  // namespace famfs::fused
