#include "famfs-fused/guardian.h"

#include "famfs-fused/background.h"
#include "liblog/exit_status.h"

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace famfs::fused {

namespace {

sigset_t watched_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD})
        ::sigaddset(&signals, signal);
    return signals;
}

// The child's exit status once it has ended; -1 before.
int ended_status(pid_t child) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : int{exit_system};
}

int watch(pid_t child, const sigset_t& signals) {
    for (;;) {
        if (const int status = ended_status(child); status >= 0) return status;
        const int signal = ::sigwaitinfo(&signals, nullptr);
        if (signal > 0 && signal != SIGCHLD) ::kill(child, SIGTERM);
    }
}

// Whether the mount went away while it was served; then there is nothing to unmount, and something else may
// be mounted there by now.
bool is_gone(const FileDescriptor& gone) {
    eventfd_t count = 0;
    return ::eventfd_read(gone.get(), &count) == 0;
}

// The child must not go on alone: nobody would unmount.
Result<int> be_server(Session& session, pid_t guardian, const FileDescriptor& gone,
                      const std::function<Result<int>()>& serve) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != guardian) return fail(ErrorKind::io, ESRCH, "the process that unmounts is gone");
    session.leave_unmounting();
    auto status = serve();
    if (session.ended()) ::eventfd_write(gone.get(), 1);
    return status;
}

}  // namespace

Result<int> serve_guarded(Session& session, bool in_background, const std::function<Result<int>()>& serve) {
    const sigset_t signals = watched_signals();
    if (const int code = ::pthread_sigmask(SIG_BLOCK, &signals, nullptr); code != 0)
        return fail_errno(code, "signal mask");
    const FileDescriptor gone(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!gone) return fail_errno(errno, "eventfd");
    const pid_t guardian = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return fail_errno(errno, "fork");
    if (child == 0) return be_server(session, guardian, gone, serve);
    session.leave_connection();
    if (in_background) let_go_of_terminal();
    const int status = watch(child, signals);
    if (is_gone(gone)) session.leave_unmounting();
    return status;
}

}  // namespace famfs::fused
