// What a confined process can still do, tried from inside: each test forks one.
#include "famfs-fused/process/sandbox/sandbox.h"

#include "famfs-fused/fuse/wire/backing.h"
#include "famfs-fused/process/sandbox/sanitized.h"
#include "liblog/file_descriptor.h"
#include "liblog/mounts.h"
#include "tests/unit/test_pool.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <thread>

namespace famfs::fused {
namespace {

class SandboxTest : public testing::Test {
  protected:
    SandboxTest() {
        std::filesystem::create_directories(directory_ / "tree/root/dir");
        std::ofstream(directory_ / "tree/root/dir/document") << "inside";
        std::ofstream(directory_ / "secret") << "outside";
    }

    // Confines a child and runs `attempt` in it, which returns 0 if all is as it should be.
    int in_sandbox(DataPathKind path, const std::function<int(const ShadowRoot&)>& attempt) {
        const pid_t child = ::fork();
        if (child == 0) {
            const auto shadow = ShadowRoot::open(directory_ / "tree");
            if (!shadow || !confine(SandboxLevel::full, path, *shadow)) ::_exit(100);
            ::_exit(attempt(*shadow));
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    test::TemporaryDirectory directory_;
};

// Number `step` if the call succeeded, or failed for another reason than being forbidden or out of sight.
int must_fail(int step, long result) {
    const bool hidden = errno == EPERM || errno == EACCES || errno == ENOENT || errno == ENOSYS;
    return result < 0 && hidden ? 0 : step;
}

TEST_F(SandboxTest, TreeCanBeRead) {
    EXPECT_EQ(in_sandbox(DataPathKind::copy,
                         [](const ShadowRoot& shadow) {
                             const auto text = shadow.read(shadow.descriptor(), "dir/document", 100);
                             if (!text || text->text != "inside") return 1;
                             return shadow.open_directory("dir") ? 0 : 2;
                         }),
              0);
}

TEST_F(SandboxTest, NothingOutsideTheTree) {
    if (sanitized) GTEST_SKIP() << "sanitized programs see all files";
    const std::string secret = directory_ / "secret";
    EXPECT_EQ(
        in_sandbox(DataPathKind::copy,
                   [&](const ShadowRoot& shadow) {
                       if (int bad = must_fail(1, ::open("/etc/passwd", O_RDONLY))) return bad;
                       if (int bad = must_fail(2, ::open(secret.c_str(), O_RDONLY))) return bad;
                       if (int bad = must_fail(3, ::openat(shadow.descriptor(), "../../secret", O_RDONLY)))
                           return bad;
                       if (shadow.read(shadow.descriptor(), "../../secret", 100)) return 4;
                       return must_fail(5, ::openat(shadow.descriptor(), "new", O_WRONLY | O_CREAT, 0600));
                   }),
        0);
}

TEST_F(SandboxTest, ThreadsStillStart) {
    EXPECT_EQ(in_sandbox(DataPathKind::copy,
                         [](const ShadowRoot&) {
                             int done = 1;
                             std::thread([&] { done = 0; }).join();
                             return done;
                         }),
              0);
}

TEST_F(SandboxTest, NoOtherSystemCalls) {
    if (sanitized) GTEST_SKIP() << "sanitized programs may make all system calls";
    EXPECT_EQ(
        in_sandbox(DataPathKind::copy,
                   [](const ShadowRoot&) {
                       if (int bad = must_fail(1, ::execl("/bin/true", "true", nullptr))) return bad;
                       if (int bad = must_fail(2, ::socket(AF_INET, SOCK_STREAM, 0))) return bad;
                       if (int bad = must_fail(3, ::fork())) return bad;
                       if (int bad = must_fail(4, ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr)))
                           return bad;
                       if (int bad = must_fail(5, ::kill(::getppid(), 0))) return bad;
                       if (int bad = must_fail(6, ::mount("none", "/", "tmpfs", 0, nullptr))) return bad;
                       if (int bad = must_fail(7, ::unlink("/root/dir/document"))) return bad;
                       return must_fail(8, ::ioctl(0, 0));
                   }),
        0);
}

// The parent, which is another process, and its clock of CPU time.
constexpr clockid_t cpu_clock_of(pid_t process) {
    return static_cast<clockid_t>(~static_cast<unsigned>(process) << 3 | 2);
}

TEST_F(SandboxTest, NothingToOtherProcesses) {
    if (sanitized) GTEST_SKIP() << "sanitized programs may make all system calls";
    const pid_t other = ::getpid();
    const auto attempt = [other](const ShadowRoot&) {
        std::array<char, 128> room{};
        timespec time{};
        rlimit limit{};
        if (int bad = must_fail(1, ::syscall(SYS_tgkill, other, other, 0))) return bad;
        if (int bad = must_fail(2, ::syscall(SYS_tkill, other, 0))) return bad;
        if (int bad = must_fail(3, ::syscall(SYS_prlimit64, other, RLIMIT_NOFILE, nullptr, &limit)))
            return bad;
        if (int bad = must_fail(4, ::syscall(SYS_prlimit64, other, RLIMIT_NOFILE, &limit, nullptr)))
            return bad;
        if (int bad = must_fail(5, ::syscall(SYS_sched_getaffinity, other, room.size(), room.data())))
            return bad;
        if (int bad = must_fail(6, ::syscall(SYS_clock_gettime, cpu_clock_of(other), &time))) return bad;
        if (int bad = must_fail(7, ::syscall(SYS_clock_nanosleep, cpu_clock_of(other), 0, &time, nullptr)))
            return bad;
        if (int bad = must_fail(8, ::syscall(SYS_pidfd_open, other, 0))) return bad;
        if (int bad = must_fail(9, ::syscall(SYS_process_vm_readv, other, nullptr, 0, nullptr, 0, 0)))
            return bad;
        if (int bad = must_fail(10, ::setpriority(PRIO_PROCESS, static_cast<id_t>(other), 10))) return bad;
        // The upper half of a register is not looked at by the kernel, so it must not be by the filter.
        const auto disguised = static_cast<long>(other) | 1L << 32;
        return must_fail(11, ::syscall(SYS_tgkill, disguised, other, 0));
    };
    EXPECT_EQ(in_sandbox(DataPathKind::copy, attempt), 0);
    EXPECT_EQ(in_sandbox(DataPathKind::extfile, attempt), 0);
}

TEST_F(SandboxTest, WhatConcernsItselfStillWorks) {
    EXPECT_EQ(in_sandbox(DataPathKind::copy,
                         [](const ShadowRoot&) {
                             std::array<char, 1024> room{};
                             timespec time{0, 1};
                             rlimit limit{};
                             if (::syscall(SYS_tgkill, ::getpid(), ::gettid(), 0) != 0) return 1;
                             if (::syscall(SYS_sched_getaffinity, 0, room.size(), room.data()) < 0) return 2;
                             if (::getrlimit(RLIMIT_STACK, &limit) != 0) return 3;
                             if (::syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &time, nullptr) != 0)
                                 return 4;
                             return ::prctl(PR_SET_NAME, "worker") == 0 ? 0 : 5;
                         }),
              0);
}

TEST_F(SandboxTest, NothingThroughDescriptorsThatOthersShare) {
    if (sanitized) GTEST_SKIP() << "sanitized programs may make all system calls";
    const FileDescriptor file(::open((directory_ / "secret").c_str(), O_RDWR | O_CLOEXEC));
    const pid_t other = ::getpid();
    EXPECT_EQ(in_sandbox(DataPathKind::copy,
                         [&](const ShadowRoot&) {
                             const int shared = file.get();
                             struct flock range{};
                             range.l_type = F_RDLCK;
                             if (int bad = must_fail(1, ::fcntl(shared, F_SETOWN, other))) return bad;
                             if (int bad = must_fail(2, ::fcntl(shared, F_SETSIG, SIGKILL))) return bad;
                             if (int bad = must_fail(3, ::fcntl(shared, F_SETFL, O_ASYNC))) return bad;
                             if (int bad = must_fail(4, ::fcntl(shared, F_SETLEASE, F_RDLCK))) return bad;
                             if (int bad = must_fail(5, ::fcntl(shared, F_NOTIFY, DN_ACCESS))) return bad;
                             if (int bad = must_fail(6, ::fcntl(shared, F_SETLK, &range))) return bad;
                             if (int bad = must_fail(7, ::flock(shared, LOCK_SH))) return bad;
                             if (int bad = must_fail(8, ::fchmod(shared, 0777))) return bad;
                             if (int bad = must_fail(9, ::ftruncate(shared, 0))) return bad;
                             if (int bad = must_fail(10, ::fcntl(shared, F_ADD_SEALS, 0))) return bad;
                             return ::fcntl(shared, F_GETFL) >= 0 ? 0 : 11;
                         }),
              0);
}

TEST_F(SandboxTest, NoCommandsToDevicesButThoseOfServing) {
    if (sanitized) GTEST_SKIP() << "sanitized programs may make all system calls";
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const FileDescriptor reading(ends[0]);
    const FileDescriptor writing(ends[1]);
    EXPECT_EQ(in_sandbox(DataPathKind::extfile,
                         [&](const ShadowRoot&) {
                             int count = 0;
                             if (int bad = must_fail(1, ::ioctl(0, TIOCSTI, "x"))) return bad;
                             if (int bad = must_fail(2, ::ioctl(reading.get(), FIONREAD, &count))) return bad;
                             if (int bad = must_fail(3, ::ioctl(reading.get(), FIOASYNC, &count))) return bad;
                             // One of its own, and of no device: an answer of the kernel's, not of the
                             // filter.
                             return ::ioctl(reading.get(), backing_close, &count) < 0 && errno == ENOTTY ? 0
                                                                                                         : 4;
                         }),
              0);
}

TEST_F(SandboxTest, NothingNewToExecute) {
    if (sanitized) GTEST_SKIP() << "sanitized programs may make all system calls";
    EXPECT_EQ(
        in_sandbox(DataPathKind::extfile,
                   [](const ShadowRoot&) {
                       constexpr std::size_t page = 4096;
                       const auto map = [](int protection) {
                           return ::mmap(nullptr, page, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                       };
                       if (map(PROT_READ | PROT_EXEC) != MAP_FAILED) return 1;
                       void* const memory = map(PROT_READ | PROT_WRITE);
                       if (memory == MAP_FAILED) return 2;
                       if (int bad = must_fail(3, ::mprotect(memory, page, PROT_READ | PROT_EXEC)))
                           return bad;
                       if (int bad = must_fail(4, ::madvise(memory, page, MADV_HWPOISON))) return bad;
                       if (int bad = must_fail(5, ::prctl(PR_SET_DUMPABLE, 1))) return bad;
                       if (int bad = must_fail(6, ::prctl(PR_SET_PDEATHSIG, 0))) return bad;
                       if (int bad = must_fail(7, ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)))
                           return bad;
                       return must_fail(8, ::memfd_create("new", 0));
                   }),
        0);
}

// As root there are no other files. For an ordinary user Landlock refuses what would open or list them; what
// a path's attributes are may still be asked.
TEST_F(SandboxTest, PathsOfOthers) {
    if (sanitized) GTEST_SKIP() << "sanitized programs see all files";
    const std::string secret = directory_ / "secret";
    // In a chroot whose / is no mount point there are no private mounts.
    const auto mounts = read_mounts();
    const bool alone = ::geteuid() == 0 && mounts && find_mount(*mounts, "/") != nullptr;
    EXPECT_EQ(in_sandbox(DataPathKind::extfile,
                         [&](const ShadowRoot&) {
                             open_how how{};
                             how.flags = O_RDONLY;
                             const auto open = [&](const char* path) {
                                 return ::syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
                             };
                             struct stat status{};
                             struct statfs system{};
                             struct statx more{};
                             std::array<char, 64> link{};
                             if (int bad = must_fail(1, open(secret.c_str()))) return bad;
                             if (int bad = must_fail(2, open("/proc/self/mem"))) return bad;
                             if (int bad = must_fail(3, open("/"))) {
                                 if (!alone) return bad;
                             }
                             if (int bad = must_fail(4, ::stat(secret.c_str(), &status))) {
                                 if (alone) return bad;
                             }
                             if (int bad = must_fail(5, ::statfs("/", &system))) return bad;
                             if (int bad = must_fail(6, ::statx(AT_FDCWD, "/", 0, STATX_ALL, &more)))
                                 return bad;
                             if (int bad = must_fail(7, ::access("/", F_OK))) return bad;
                             return must_fail(8, ::readlink("/proc/self/exe", link.data(), link.size()));
                         }),
              0);
}

TEST_F(SandboxTest, KnowsItsLevels) {
    EXPECT_EQ(parse_sandbox_level("none"), SandboxLevel::none);
    EXPECT_EQ(parse_sandbox_level("caps"), SandboxLevel::capabilities);
    EXPECT_EQ(parse_sandbox_level("full"), SandboxLevel::full);
    EXPECT_FALSE(parse_sandbox_level("FULL"));
}

}  // namespace
}  // namespace famfs::fused
