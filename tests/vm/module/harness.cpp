// SPDX-License-Identifier: GPL-2.0
#include "harness.h"

#include "famfs_dax.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

namespace harness {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_skipped = 77;

struct Test {
    std::string name;
    void (*body)();
    unsigned seconds;
};

std::vector<Test>& tests() {
    static std::vector<Test> list;
    return list;
}

// What a child's signal handler tells its parent: shared memory, one per process.
struct Report {
    int code;
    void* address;
};

Report* report_page() {
    void* page = mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return static_cast<Report*>(page);
}

Report* child_report;

void on_sigbus(int, siginfo_t* info, void*) {
    child_report->code = info->si_code;
    child_report->address = info->si_addr;
    signal(SIGBUS, SIG_DFL);
    raise(SIGBUS);
}

struct Child {
    int pid;
    Report* report;
};

std::vector<Child>& children() {
    static std::vector<Child> list;
    return list;
}

bool matches(const std::string& name, int argc, char** argv) {
    if (argc < 2) return true;
    for (int i = 1; i < argc; ++i)
        if (name.starts_with(argv[i])) return true;
    return false;
}

double now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// What time limits are multiplied with: a debug kernel takes its time.
double slowness() {
    const char* factor = getenv("FAMFS_TEST_SLOW");
    return factor ? std::max(1.0, atof(factor)) : 1.0;
}

// Returns the exit status, or -1 for a signal, or -2 after the time limit.
int run(const Test& test) {
    fflush(nullptr);
    const int pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        test.body();
        fflush(nullptr);
        _exit(0);
    }
    const double end = now() + test.seconds * slowness();
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (now() > end) {
            kill(-pid, SIGKILL);
            kill(pid, SIGKILL);
            // One that does not die sits in the kernel: say so rather than wait for it.
            for (int i = 0; i < 100 && waitpid(pid, &status, WNOHANG) == 0; ++i)
                usleep(50000);
            return -2;
        }
        usleep(2000);
    }
    kill(-pid, SIGKILL);
    if (WIFSIGNALED(status)) {
        printf("# ended by signal %d\n", WTERMSIG(status));
        return -1;
    }
    return WEXITSTATUS(status);
}

}  // namespace

Registration::Registration(std::string_view group, std::string_view name, void (*body)(), unsigned seconds) {
    tests().push_back({std::string(group) + "." + std::string(name), body, seconds});
}

void fail(const char* file, int line, const std::string& what) {
    printf("# %s:%d: %s\n", file, line, what.c_str());
    fflush(nullptr);
    _exit(exit_failed);
}

void skip(const std::string& why) {
    printf("# skipped: %s\n", why.c_str());
    fflush(nullptr);
    _exit(exit_skipped);
}

void note(const std::string& text) {
    printf("# %s\n", text.c_str());
    fflush(nullptr);
}

int start_child(const std::function<void()>& body) {
    fflush(nullptr);
    Report* report = report_page();
    const int pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        child_report = report;
        struct sigaction action{};
        action.sa_sigaction = on_sigbus;
        action.sa_flags = SA_SIGINFO;
        sigaction(SIGBUS, &action, nullptr);
        body();
        fflush(nullptr);
        _exit(0);
    }
    children().push_back({pid, report});
    return pid;
}

Outcome wait_child(int pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    Outcome outcome{-1, 0, 0, nullptr};
    if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
    for (const Child& child : children())
        if (child.pid == pid) {
            outcome.signal_code = child.report->code;
            outcome.address = child.report->address;
        }
    return outcome;
}

Outcome in_child(const std::function<void()>& body) {
    return wait_child(start_child(body));
}

int main(int argc, char** argv) {
    int number = 0, passed = 0, failed = 0, skipped = 0;
    setvbuf(stdout, nullptr, _IOLBF, 0);
    const rlimit files{20000, 20000};
    setrlimit(RLIMIT_NOFILE, &files);
    for (const Test& test : tests()) {
        if (!matches(test.name, argc, argv)) continue;
        const double start = now();
        // One that was ended in the middle may have left the module unloaded.
        if (access(FAMFS_DAX_NODE, F_OK) != 0) (void)!system("modprobe famfs_dax");
        const int status = run(test);
        const char* verdict = status == 0 || status == exit_skipped ? "ok" : "not ok";
        const char* remark = status == exit_skipped ? " # SKIP" : status == -2 ? " # time limit" : "";
        printf("%s %d - %s%s (%.1f s)\n", verdict, ++number, test.name.c_str(), remark, now() - start);
        ++(status == 0 ? passed : status == exit_skipped ? skipped : failed);
    }
    printf("1..%d\n%d passed, %d failed, %d skipped\n", number, passed, failed, skipped);
    return failed || !number ? 1 : 0;
}

}  // namespace harness

int main(int argc, char** argv) {
    return harness::main(argc, argv);
}
