#include "famfs-fused/fuse/wire/backing.h"
#include "famfs-fused/process/sandbox/sandbox.h"
#include "liblog/device/extent_control.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
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
// execve, open and openat (openat2 is resolved beneath the tree), socket, connect, sendmsg, ptrace, mount,
// unlink, rename, chmod, kill, pidfd_open. docs/daemon.md says of each what it can still reach.
constexpr std::initializer_list<int> allowed{
    // requests, replies, data and the log, on descriptors that are open
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(splice), SCMP_SYS(vmsplice), SCMP_SYS(pipe2),
    SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(lseek), SCMP_SYS(fdatasync), SCMP_SYS(fsync),
    SCMP_SYS(sync_file_range),
    // the shadow tree; the C library makes newfstatat of fstat
    SCMP_SYS(openat2), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(getdents64),
    SCMP_SYS(fstatfs),
    // memory
    SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk),
    // threads, locks and time
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(membarrier), SCMP_SYS(sched_yield),
    SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(restart_syscall),
    SCMP_SYS(getrandom),
    // signals of our own and waiting for them
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(poll), SCMP_SYS(ppoll),
    // who and what we are
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
    SCMP_SYS(getegid), SCMP_SYS(uname),
    // the end
    SCMP_SYS(exit), SCMP_SYS(exit_group)};

std::unexpected<Error> failed(int code) {
    return fail_errno(-code, "sandbox: seccomp");
}

using Conditions = std::initializer_list<scmp_arg_cmp>;

// The kernel takes most arguments as 32 bits and does not look at the others.
constexpr scmp_datum_t low_half = 0xffffffff;

constexpr scmp_arg_cmp equals(unsigned argument, scmp_datum_t value) {
    return {argument, SCMP_CMP_MASKED_EQ, low_half, value & low_half};
}

constexpr scmp_arg_cmp has_none_of(unsigned argument, scmp_datum_t bits) {
    return {argument, SCMP_CMP_MASKED_EQ, bits, 0};
}

constexpr scmp_arg_cmp at_most(unsigned argument, scmp_datum_t value) {
    return {argument, SCMP_CMP_LE, value, 0};
}

// A call that this architecture does not have (-EDOM, -EINVAL from libseccomp) needs no rule.
int allow(scmp_filter_ctx filter, int call, Conditions conditions = {}) {
    const int code = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call,
                                            static_cast<unsigned>(conditions.size()), conditions.begin());
    return code == -EDOM ? 0 : code;
}

// Calls that take a command: `argument` may be one of `values`.
template <typename Values = std::initializer_list<scmp_datum_t>>
int allow_values(scmp_filter_ctx filter, int call, unsigned argument, const Values& values) {
    for (const scmp_datum_t value : values)
        if (const int code = allow(filter, call, {equals(argument, value)}); code != 0) return code;
    return 0;
}

// clone3 passes its flags by pointer, which a filter cannot see: ENOSYS makes the C library use clone, and
// clone may only make threads that share everything.
int allow_threads(scmp_filter_ctx filter) {
    constexpr scmp_datum_t shared = CLONE_THREAD | CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND;
    constexpr scmp_datum_t harmless = CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
                                      CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | CLONE_DETACHED;
    const int code = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (code != 0) return code;
    return allow(filter, SCMP_SYS(clone), {{0, SCMP_CMP_MASKED_EQ, low_half & ~harmless, shared}});
}

// Whatever names a process may name this one only. The kernel counts the clocks of others' CPU time below 0.
int allow_on_ourselves(scmp_filter_ctx filter) {
    constexpr scmp_datum_t last_clock = CLOCK_TAI;
    const auto self = static_cast<scmp_datum_t>(::getpid());
    for (const int code : {allow(filter, SCMP_SYS(tgkill), {equals(0, self)}),
                           allow(filter, SCMP_SYS(sched_getaffinity), {equals(0, 0)}),
                           // only asking, never setting
                           allow(filter, SCMP_SYS(prlimit64), {equals(0, 0), {2, SCMP_CMP_EQ, 0, 0}}),
                           allow(filter, SCMP_SYS(clock_gettime), {at_most(0, last_clock)}),
                           allow(filter, SCMP_SYS(clock_nanosleep), {at_most(0, last_clock)})})
        if (code != 0) return code;
    return 0;
}

// No signals to an owner of a descriptor (F_SETOWN, F_SETSIG, O_ASYNC, F_NOTIFY), no locks or leases, which
// others would wait for.
int allow_descriptor_commands(scmp_filter_ctx filter) {
    const int code = allow_values(filter, SCMP_SYS(fcntl), 1,
                                  {F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ});
    if (code != 0) return code;
    return allow(filter, SCMP_SYS(fcntl), {equals(1, F_SETFL), has_none_of(2, O_ASYNC)});
}

// Nothing new can be executed, and no page be poisoned (MADV_HWPOISON, which CAP_SYS_ADMIN may).
int allow_memory(scmp_filter_ctx filter) {
    constexpr scmp_datum_t last_harmless = MADV_HWPOISON - 1;
    constexpr scmp_datum_t guard_install = 102;  // newer C libraries make a stack's guard of it
    for (const int code : {allow(filter, SCMP_SYS(mmap), {has_none_of(2, PROT_EXEC)}),
                           allow(filter, SCMP_SYS(mprotect), {has_none_of(2, PROT_EXEC)}),
                           allow(filter, SCMP_SYS(madvise), {at_most(2, last_harmless)}),
                           allow(filter, SCMP_SYS(madvise), {equals(2, guard_install)})})
        if (code != 0) return code;
    return 0;
}

// Names of threads and, from a C library that gives them, of memory.
int allow_names(scmp_filter_ctx filter) {
    return allow_values(filter, SCMP_SYS(prctl), 0, {PR_SET_NAME, PR_SET_VMA});
}

// What the data path asks of the module and of the connection.
int allow_device_commands(scmp_filter_ctx filter, DataPathKind path) {
    if (path != DataPathKind::extfile) return 0;
    if (const int code = allow_values(filter, SCMP_SYS(ioctl), 1, backing_commands); code != 0) return code;
    return allow_values(filter, SCMP_SYS(ioctl), 1, device::ExtentControl::serving_commands());
}

int fill(scmp_filter_ctx filter, DataPathKind path) {
    for (const int call : allowed)
        if (const int code = allow(filter, call); code != 0) return code;
    for (const int code :
         {allow_threads(filter), allow_on_ourselves(filter), allow_descriptor_commands(filter),
          allow_memory(filter), allow_names(filter), allow_device_commands(filter, path)})
        if (code != 0) return code;
    return 0;
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
