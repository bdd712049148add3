#include "liblog/process_start.h"

#include "liblog/exit_status.h"

#include <fcntl.h>
#include <paths.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace famfs {

namespace {

constexpr mode_t umask_of_ours = 022;
constexpr rlim_t stack_bytes = 8 << 20;

// What a caller says with an ignored signal.
constexpr std::array kept_ignored{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};

bool is_open(int descriptor) {
    return ::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF;
}

// In ascending order, so that each open() gets the number that is wanted.
void open_standard_descriptors() {
    constexpr std::string_view no_null_device = "cannot open /dev/null in place of a closed descriptor\n";
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (is_open(standard)) continue;
        const int wrong_way = standard == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (::open("/dev/null", wrong_way | O_NOCTTY) == standard) continue;
        [[maybe_unused]] const ssize_t said =
            ::write(STDERR_FILENO, no_null_device.data(), no_null_device.size());
        ::_exit(exit_system);
    }
}

bool is_ignored(int signal) {
    struct sigaction action{};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// A handler is a sanitizer's: a program starts without.
bool has_handler(int signal) {
    struct sigaction action{};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN &&
           action.sa_handler != SIG_DFL;
}

// Ignoring a signal for a moment drops one that was sent before we were started.
void reset_signals() {
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        if (std::ranges::find(kept_ignored, signal) != kept_ignored.end() || has_handler(signal)) continue;
        ::signal(signal, SIG_IGN);
        if (signal != SIGXFSZ) ::signal(signal, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The C library takes a thread's stack size from the limit, whether it is 64 KiB or 16 GiB.
void set_stack_size() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < stack_bytes) {
        limit.rlim_cur = std::min(stack_bytes, limit.rlim_max);
        ::setrlimit(RLIMIT_STACK, &limit);
    }
    pthread_attr_t attributes;
    if (::pthread_attr_init(&attributes) != 0) return;
    if (::pthread_attr_setstacksize(&attributes, stack_bytes) == 0) ::pthread_setattr_default_np(&attributes);
    ::pthread_attr_destroy(&attributes);
}

// An empty one would mean the working directory.
void set_search_path() {
    const char* const path = std::getenv("PATH");
    if (path == nullptr || *path == '\0') ::setenv("PATH", _PATH_STDPATH, 1);
}

}  // namespace

void prepare_process() {
    open_standard_descriptors();
    reset_signals();
    caller_umask();
    set_stack_size();
    set_search_path();
}

mode_t caller_umask() {
    static const mode_t mask = ::umask(umask_of_ours);
    return mask;
}

sigset_t ending_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGHUP, SIGINT, SIGTERM})
        if (!is_ignored(signal)) sigaddset(&signals, signal);
    return signals;
}

}  // namespace famfs
