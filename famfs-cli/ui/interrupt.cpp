#include "famfs-cli/ui/interrupt.h"

#include "famfs-cli/ui/console.h"
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

InterruptWatch::InterruptWatch(Interrupt& interrupt, std::function<void()> last_words,
                               std::chrono::milliseconds grace)
    : interrupt_(interrupt),
      last_words_(std::move(last_words)),
      grace_(grace),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void InterruptWatch::run(const std::stop_token& stop) {
    constexpr std::chrono::milliseconds step(100);
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested() && !interrupt_.requested())
        wake_.wait_for(lock, stop, step, [] { return false; });
    wake_.wait_for(lock, stop, grace_, [] { return false; });
    if (stop.stop_requested()) return;
    last_words_();
    ::_exit(exit_interrupted);
}

}  // namespace famfs::cli
