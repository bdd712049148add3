// What a confined process can still do, tried from inside: each test forks one.
#include "famfs-fused/sandbox/sandbox.h"
#include "famfs-fused/sandbox/sanitized.h"
#include "liblog/file_descriptor.h"
#include "test_pool.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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

TEST_F(SandboxTest, KnowsItsLevels) {
    EXPECT_EQ(parse_sandbox_level("none"), SandboxLevel::none);
    EXPECT_EQ(parse_sandbox_level("caps"), SandboxLevel::capabilities);
    EXPECT_EQ(parse_sandbox_level("full"), SandboxLevel::full);
    EXPECT_FALSE(parse_sandbox_level("FULL"));
}

}  // namespace
}  // namespace famfs::fused
