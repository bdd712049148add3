#include "famfs-fused/process/inheritance.h"

#include "liblog/file_descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <csignal>
#include <string_view>
#include <utility>

namespace famfs::fused {

namespace {

// Those that end a process, or cut its writes; nobody gains by them, as the daemon makes no files.
constexpr std::array deadly_limits{RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_RTTIME};
// Those that make one request fail. The hard limit may be an administrator's.
constexpr std::array other_limits{RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_NPROC};

void close_range_of(unsigned first, unsigned last) {
    if (first > last || ::syscall(SYS_close_range, first, last, 0) == 0) return;
    const long most = ::sysconf(_SC_OPEN_MAX);  // Linux before 5.9
    for (unsigned number = first; number <= last && static_cast<long>(number) < most; ++number)
        ::close(static_cast<int>(number));
}

void close_descriptors(std::vector<int> kept) {
    std::ranges::sort(kept);
    unsigned first = STDERR_FILENO + 1;
    for (const int descriptor : kept) {
        if (descriptor < static_cast<int>(first)) continue;
        close_range_of(first, static_cast<unsigned>(descriptor) - 1);
        first = static_cast<unsigned>(descriptor) + 1;
    }
    close_range_of(first, UINT_MAX);
}

void stop_timers() {
    constexpr itimerval none{};
    for (const auto timer : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF})
        ::setitimer(timer, &none, nullptr);
}

void reset_signals(Ground ground) {
    ::signal(SIGTERM, SIG_DFL);
    if (ground == Ground::foreground) return;
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU})
        ::signal(signal, SIG_DFL);
}

void end_in_order_with_parent() {
    int signal = 0;
    if (::prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0) == 0 && signal != 0)
        ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
}

template <typename Resource>
rlim_t raise_limit(Resource resource, bool beyond_hard) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0) return RLIM_INFINITY;
    if (beyond_hard) {
        constexpr rlimit none{RLIM_INFINITY, RLIM_INFINITY};
        if (::setrlimit(resource, &none) == 0) return RLIM_INFINITY;
    }
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(resource, &limit);
    return limit.rlim_max;
}

std::vector<std::string> raise_limits() {
    for (const auto resource : other_limits)
        raise_limit(resource, false);
    std::array<rlim_t, deadly_limits.size()> left{};
    std::ranges::transform(deadly_limits, left.begin(),
                           [](auto resource) { return raise_limit(resource, true); });
    std::vector<std::string> warnings;
    if (left[0] != RLIM_INFINITY)
        warnings.push_back(
            fmt::format("the CPU time limit of {} s, set by whoever started this, ends the "
                        "mount when it is reached; ulimit -t unlimited before famfs mount",
                        left[0]));
    if (left[1] != RLIM_INFINITY)
        warnings.push_back(
            fmt::format("the file size limit of {} bytes, set by whoever started this, makes "
                        "writes beyond it fail; ulimit -f unlimited before famfs mount",
                        left[1]));
    return warnings;
}

// Some sessions give all that they start a higher score, so that it goes first. A lower one was given by
// root.
void reset_out_of_memory_score() {
    const FileDescriptor file(::open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC));
    std::array<char, 16> text{};
    int score = 0;
    const ssize_t got = ::read(file.get(), text.data(), text.size());
    if (got > 0) std::from_chars(text.data(), text.data() + got, score);
    if (score <= 0) return;
    [[maybe_unused]] const ssize_t written = ::pwrite(file.get(), "0", 1, 0);
}

}  // namespace

std::vector<std::string> leave_caller_behind(Ground ground, std::vector<int> kept) {
    close_descriptors(std::move(kept));
    stop_timers();
    reset_signals(ground);
    end_in_order_with_parent();
    ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    ::personality(PER_LINUX);
    reset_out_of_memory_score();
    return raise_limits();
}

}  // namespace famfs::fused
