// Programs that verbs run: what they say, where, and how they end.
#include "famfs-cli/mount/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace famfs::cli {
namespace {

TEST(Process, EachDescriptorTakesItsOwn) {
    const auto output = ErrorCapture::make();
    const auto errors = ErrorCapture::make();
    const auto status = ErrorCapture::make();
    ASSERT_TRUE(output && errors && status);
    auto process = Process::start({"/bin/sh", "-c", "echo out; echo error >&2; echo record >&3; exit 7"},
                                  errors->descriptor(), output->descriptor(), status->descriptor());
    ASSERT_TRUE(process);
    EXPECT_EQ(process->wait()->status, 7);
    EXPECT_EQ(output->text(), "out\n");
    EXPECT_EQ(errors->lines(), std::vector<std::string>{"error"});
    EXPECT_EQ(status->text(), "record\n");
}

TEST(Process, WithoutAStatusDescriptorThereIsNone) {
    static_cast<void>(::fcntl(3, F_SETFD, FD_CLOEXEC));  // one that whoever runs the tests left open
    const auto errors = ErrorCapture::make();
    ASSERT_TRUE(errors);
    auto process = Process::start({"/bin/sh", "-c", "test ! -e /proc/self/fd/3"}, errors->descriptor());
    ASSERT_TRUE(process);
    EXPECT_EQ(process->wait()->status, 0);
}

TEST(Process, OutputOfAFailedOneIsItsLastError) {
    EXPECT_EQ(run_for_output({"/bin/sh", "-c", "echo a; echo b"}), "a\nb\n");
    const auto failed = run_for_output({"/bin/sh", "-c", "echo a; echo b >&2; echo c >&2; exit 1"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message, "sh: c");
}

}  // namespace
}  // namespace famfs::cli
