#include "liblog/lock_wait.h"

#include <sys/file.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

namespace famfs {
namespace {

constexpr auto max_pause = std::chrono::milliseconds(20);

bool is_told_to_end() {
    sigset_t pending;
    if (::sigpending(&pending) != 0) return false;
    return ::sigismember(&pending, SIGINT) == 1 || ::sigismember(&pending, SIGTERM) == 1 ||
           ::sigismember(&pending, SIGHUP) == 1;
}

}  // namespace

Result<void> wait_for_lock(const std::function<Result<bool>()>& try_lock, const std::string& what) {
    for (auto pause = std::chrono::milliseconds(1);; pause = std::min(2 * pause, max_pause)) {
        const auto locked = try_lock();
        if (!locked) return std::unexpected(locked.error());
        if (*locked) return {};
        if (is_told_to_end()) return fail_errno(EINTR, what + ": waiting for a lock");
        std::this_thread::sleep_for(pause);
    }
}

Result<void> wait_for_flock(int descriptor, int operation, const std::string& what) {
    const auto try_lock = [&]() -> Result<bool> {
        if (::flock(descriptor, operation | LOCK_NB) == 0) return true;
        if (errno == EWOULDBLOCK || errno == EINTR) return false;
        return fail_errno(errno, what + ": lock");
    };
    return wait_for_lock(try_lock, what);
}

}  // namespace famfs
