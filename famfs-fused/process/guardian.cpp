#include "famfs-fused/process/guardian.h"

#include "famfs-fused/process/background.h"
#include "famfs-fused/process/log_relay.h"
#include "liblog/exit_status.h"
#include "liblog/process_start.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace famfs::fused {

namespace {

Result<FileDescriptor> watch_signals() {
    sigset_t signals = ending_signals();
    ::sigaddset(&signals, SIGCHLD);
    if (const int code = ::pthread_sigmask(SIG_BLOCK, &signals, nullptr); code != 0)
        return fail_errno(code, "signal mask");
    FileDescriptor watch(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!watch) return fail_errno(errno, "signalfd");
    return watch;
}

// What the child tells once: the kernel's INIT is answered.
class Initialised {
  public:
    explicit operator bool() const { return static_cast<bool>(event_); }
    int descriptor() const { return event_.get(); }
    void tell() const { ::eventfd_write(event_.get(), 1); }
    bool told() const {
        eventfd_t count = 0;
        return ::eventfd_read(event_.get(), &count) == 0;
    }

  private:
    FileDescriptor event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

// The caller's side while the child serves.
class Guardian {
  public:
    Guardian(pid_t child, const Initialised& initialised, const FileDescriptor& signals, const Start& start,
             FileDescriptor lines, Log& log)
        : child_(child),
          initialised_(initialised),
          signals_(signals),
          start_(start),
          relay_(std::move(lines), log),
          log_(log) {}

    // Returns the child's exit status.
    Result<int> watch() {
        Result<void> started;
        int status = 0;
        while (!ended(status)) {
            std::array<pollfd, 3> waiting{pollfd{signals_.get(), POLLIN, 0},
                                          pollfd{initialised_.descriptor(), POLLIN, 0},
                                          pollfd{relay_.descriptor(), POLLIN, 0}};
            ::poll(waiting.data(), waiting.size(), -1);
            relay_.pass_on();
            if (initialised_.told()) started = start_();
            if (!started) ::kill(child_, SIGTERM);
            pass_signals_on();
        }
        if (!started) return std::unexpected(started.error());
        return status;
    }

  private:
    bool ended(int& status) {
        int how = 0;
        if (::waitpid(child_, &how, WNOHANG) != child_) return false;
        relay_.pass_on();  // its last words
        status = WIFEXITED(how) ? WEXITSTATUS(how) : int{exit_system};
        if (WIFSIGNALED(how))
            log_.error("the process that serves was ended by signal {}; the mount goes", WTERMSIG(how));
        return true;
    }

    void pass_signals_on() const {
        signalfd_siginfo signal{};
        while (::read(signals_.get(), &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal))
            if (signal.ssi_signo != SIGCHLD) ::kill(child_, SIGTERM);
    }

    pid_t child_;
    const Initialised& initialised_;
    const FileDescriptor& signals_;
    const Start& start_;
    LogRelay relay_;
    Log& log_;
};

// The child must not go on alone: nobody would unmount.
Result<int> be_server(Session& session, pid_t guardian, const Initialised& initialised, FileDescriptor lines,
                      DaemonLog& log, const Guarded& guarded) {
    if (log.needs_relay()) log.relay_through(std::move(lines));
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != guardian) return fail(ErrorKind::io, ESRCH, "the process that unmounts is gone");
    session.leave_unmounting();
    const FileDescriptor nothing = open_nothing();
    return guarded.serve([&] {
        if (guarded.terminal == Terminal::leave) let_go_of_terminal(nothing);
        initialised.tell();
        return Result<void>();
    });
}

}  // namespace

Result<int> serve_guarded(Session& session, DaemonLog& log, const Guarded& guarded) {
    const auto signals = watch_signals();
    if (!signals) return std::unexpected(signals.error());
    const Initialised initialised;
    if (!initialised) return fail_errno(errno, "eventfd");
    auto channel = LogChannel::create();
    if (!channel) return std::unexpected(channel.error());
    const pid_t guardian = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return fail_errno(errno, "fork");
    if (child == 0)
        return be_server(session, guardian, initialised, std::move(channel->writer), log, guarded);
    channel->writer = FileDescriptor();
    session.leave_connection();
    return Guardian(child, initialised, *signals, guarded.start, std::move(channel->reader), log).watch();
}

}  // namespace famfs::fused
