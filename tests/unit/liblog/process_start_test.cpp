// What prepare_process() makes of what a caller left behind: each test does it in a process of its own.
#include "liblog/process_start.h"

#include "liblog/file_descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>

namespace famfs {
namespace {

int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool is_ignored(int signal) {
    struct sigaction action{};
    ::sigaction(signal, nullptr, &action);
    return action.sa_handler == SIG_IGN;
}

TEST(ProcessStart, ClosedStandardDescriptorsAreTakenAndStillFail) {
    EXPECT_EQ(in_child([] {
                  for (const int standard : {0, 1, 2})
                      ::close(standard);
                  prepare_process();
                  char byte = 0;
                  if (::read(0, &byte, 1) >= 0 || errno != EBADF) return 1;
                  if (::write(1, "x", 1) >= 0 || errno != EBADF) return 2;
                  if (::write(2, "x", 1) >= 0 || errno != EBADF) return 3;
                  return ::open("/dev/null", O_RDONLY | O_CLOEXEC) > 2 ? 0 : 4;
              }),
              0);
}

TEST(ProcessStart, AnOwnedDescriptorIsNeverAStandardOne) {
    EXPECT_EQ(in_child([] {
                  ::close(0);
                  ::close(2);
                  const FileDescriptor first(::open("/dev/null", O_RDWR | O_CLOEXEC));
                  const FileDescriptor second(::open("/dev/null", O_RDWR | O_CLOEXEC));
                  if (first.get() <= 2 || second.get() <= 2) return 1;
                  if (::fcntl(0, F_GETFD) >= 0 || ::fcntl(2, F_GETFD) >= 0) return 2;
                  return ::fcntl(first.get(), F_GETFD) == FD_CLOEXEC ? 0 : 3;
              }),
              0);
}

TEST(ProcessStart, SignalsAreDefaultAndUnblocked) {
    EXPECT_EQ(in_child([] {
                  for (const int signal : {SIGCHLD, SIGUSR1, SIGHUP, SIGPIPE, SIGRTMIN})
                      ::signal(signal, SIG_IGN);
                  sigset_t all;
                  sigfillset(&all);
                  ::sigprocmask(SIG_SETMASK, &all, nullptr);
                  prepare_process();
                  sigset_t blocked;
                  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
                  for (int signal = 1; signal <= SIGRTMAX; ++signal)
                      if (sigismember(&blocked, signal) == 1) return 1;
                  if (is_ignored(SIGCHLD) || is_ignored(SIGUSR1) || is_ignored(SIGRTMIN)) return 2;
                  if (!is_ignored(SIGHUP) || !is_ignored(SIGPIPE)) return 3;
                  return is_ignored(SIGXFSZ) ? 0 : 4;
              }),
              0);
}

TEST(ProcessStart, ASignalFromBeforeDoesNotEndIt) {
    EXPECT_EQ(in_child([] {
                  sigset_t all;
                  sigfillset(&all);
                  ::sigprocmask(SIG_SETMASK, &all, nullptr);
                  for (const int signal : {SIGALRM, SIGUSR1, SIGIO, SIGXCPU, SIGRTMIN + 1})
                      ::raise(signal);
                  prepare_process();
                  return 0;
              }),
              0);
    EXPECT_EQ(in_child([] {
                  sigset_t all;
                  sigfillset(&all);
                  ::sigprocmask(SIG_SETMASK, &all, nullptr);
                  ::raise(SIGTERM);  // somebody wants this process to end
                  prepare_process();
                  return 0;
              }),
              -SIGTERM);
}

TEST(ProcessStart, EndingSignalsAreThoseNotIgnored) {
    EXPECT_EQ(in_child([] {
                  ::signal(SIGHUP, SIG_IGN);
                  prepare_process();
                  const sigset_t ending = ending_signals();
                  if (sigismember(&ending, SIGHUP) == 1) return 1;
                  return sigismember(&ending, SIGINT) == 1 && sigismember(&ending, SIGTERM) == 1 ? 0 : 2;
              }),
              0);
}

TEST(ProcessStart, UmaskIsOursAndTheCallersIsKnown) {
    EXPECT_EQ(in_child([] {
                  ::umask(0777);
                  prepare_process();
                  if (caller_umask() != 0777) return 1;
                  return ::umask(0) == 022 && caller_umask() == 0777 ? 0 : 2;
              }),
              0);
}

TEST(ProcessStart, ThreadsHaveAStackWhateverTheLimit) {
    for (const rlim_t bytes : {rlim_t{64} << 10, rlim_t{1} << 40}) {
        EXPECT_EQ(in_child([bytes] {
                      rlimit limit{};
                      ::getrlimit(RLIMIT_STACK, &limit);
                      limit.rlim_cur = std::min(bytes, limit.rlim_max);
                      ::setrlimit(RLIMIT_STACK, &limit);
                      prepare_process();
                      pthread_attr_t attributes;
                      std::size_t size = 0;
                      ::pthread_getattr_default_np(&attributes);
                      ::pthread_attr_getstacksize(&attributes, &size);
                      ::pthread_attr_destroy(&attributes);
                      ::getrlimit(RLIMIT_STACK, &limit);
                      return size == 8 << 20 && limit.rlim_cur >= (8 << 20) ? 0 : 1;
                  }),
                  0);
    }
}

}  // namespace
}  // namespace famfs
