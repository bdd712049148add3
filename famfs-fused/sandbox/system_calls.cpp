#include "famfs-fused/sandbox/sandbox.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <memory>

namespace famfs::fused {

namespace {

struct Release {
    void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

// What the serving loop, the C library below it and the end of a process use. Not among them, on purpose:
// execve, open and openat (openat2 is resolved beneath the tree), socket, connect, ptrace, mount, unlink,
// rename, chmod, kill.
constexpr std::initializer_list<int> allowed{
    // requests, replies and data
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(splice), SCMP_SYS(vmsplice), SCMP_SYS(tee),
    SCMP_SYS(pipe2), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(fcntl), SCMP_SYS(lseek), SCMP_SYS(fdatasync),
    SCMP_SYS(fsync), SCMP_SYS(sync_file_range),
    // the shadow tree
    SCMP_SYS(openat2), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
    SCMP_SYS(getdents64), SCMP_SYS(fstatfs),
    // memory
    SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(brk),
    // threads, locks and time
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(membarrier), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(prctl), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(restart_syscall),
    SCMP_SYS(getrandom),
    // signals and waiting for them
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(tgkill), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(signalfd4), SCMP_SYS(eventfd2),
    // the log's open socket
    SCMP_SYS(sendto), SCMP_SYS(sendmsg),
    // who and what we are
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
    SCMP_SYS(getegid), SCMP_SYS(uname), SCMP_SYS(prlimit64),
    // the end
    SCMP_SYS(exit), SCMP_SYS(exit_group)};

std::unexpected<Error> failed(int code) {
    return fail_errno(-code, "sandbox: seccomp");
}

// A call that this architecture does not have (-EDOM, -EINVAL from libseccomp) needs no rule.
int allow(scmp_filter_ctx filter, int call) {
    const int code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
    return code == -EDOM ? 0 : code;
}

// clone3 passes its flags by pointer, which a filter cannot see: ENOSYS makes the C library use clone, and
// clone may only make threads.
int allow_threads(scmp_filter_ctx filter) {
    const int code = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (code != 0) return code;
    const scmp_arg_cmp a_thread{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD};
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &a_thread);
}

int fill(scmp_filter_ctx filter, DataPathKind path) {
    for (const int call : allowed)
        if (const int code = allow(filter, call); code != 0) return code;
    if (const int code = allow_threads(filter); code != 0) return code;
    return path == DataPathKind::extfile ? allow(filter, SCMP_SYS(ioctl)) : 0;
}

// libseccomp finds out only when it loads a filter, and then says that it was canceled.
bool kernel_filters() {
    const std::uint32_t action = SECCOMP_RET_ERRNO;
    return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

}  // namespace

Result<bool> restrict_system_calls(DataPathKind path) {
    if (!kernel_filters()) return false;
    const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
    if (!filter) return failed(-ENOMEM);
    if (const int code = fill(filter.get(), path); code != 0) return failed(code);
    if (const int code = seccomp_load(filter.get()); code != 0) return failed(code);
    return true;
}

}  // namespace famfs::fused
