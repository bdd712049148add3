#include "liblog/device/guarded_access.h"

#include <pthread.h>
#include <ucontext.h>

#include <csetjmp>
#include <csignal>
#include <mutex>

namespace famfs::device {
namespace {

// Where this thread goes on if its access fails; none outside of one.
thread_local sigjmp_buf* volatile way_out = nullptr;

struct sigaction before{};

// A fault of this very thread, not a signal that somebody sent.
bool is_fault(const siginfo_t& what) {
    return what.si_code > 0 && what.si_code != BUS_MCEERR_AO;
}

// Left without a return, so the signals that are blocked meanwhile are let through again by hand.
void on_bus_error(int signal, siginfo_t* what, void* context) {
    sigjmp_buf* const target = way_out;
    if (target != nullptr && is_fault(*what)) {
        way_out = nullptr;
        ::pthread_sigmask(SIG_SETMASK, &static_cast<const ucontext_t*>(context)->uc_sigmask, nullptr);
        siglongjmp(*target, 1);
    }
    ::sigaction(SIGBUS, &before, nullptr);  // a fault comes again when we return
    if (what->si_code <= 0) ::raise(signal);
}

}  // namespace

void catch_lost_memory() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action{};
        action.sa_sigaction = on_bus_error;
        action.sa_flags = SA_SIGINFO;
        ::sigaction(SIGBUS, &action, &before);
    });
}

bool guard_sigbus(void (*access)(const void*), const void* argument) noexcept {
    sigjmp_buf here;
    if (sigsetjmp(here, 0) != 0) return false;
    way_out = &here;
    access(argument);
    way_out = nullptr;
    return true;
}

}  // namespace famfs::device
