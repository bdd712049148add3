#include "famfs-fused/process/signals.h"

#include "liblog/process_start.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace famfs::fused {

Result<FileDescriptor> take_signals() {
    ::signal(SIGPIPE, SIG_IGN);
    const sigset_t ending = ending_signals();
    sigset_t blocked = ending;
    ::sigaddset(&blocked, SIGUSR1);
    if (const int code = ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr); code != 0)
        return fail_errno(code, "signal mask");
    FileDescriptor signals(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals) return fail_errno(errno, "signalfd");
    return signals;
}

std::string describe_signal(const FileDescriptor& signals) {
    signalfd_siginfo signal{};
    if (::read(signals.get(), &signal, sizeof signal) != static_cast<ssize_t>(sizeof signal)) return "signal";
    return fmt::format("signal {} from process {}", signal.ssi_signo, signal.ssi_pid);
}

}  // namespace famfs::fused
