#include "famfs-cli/interrupt.h"

#include "liblog/process_start.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace famfs::cli {

Interrupt::Interrupt() {
    const sigset_t signals = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, &previous_);
    descriptor_ = FileDescriptor(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
}

Interrupt::~Interrupt() {
    ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

bool Interrupt::requested() {
    if (requested_.load(std::memory_order_relaxed)) return true;
    signalfd_siginfo info;
    if (::read(descriptor_.get(), &info, sizeof info) == sizeof info) requested_ = true;
    return requested_;
}

}  // namespace famfs::cli
