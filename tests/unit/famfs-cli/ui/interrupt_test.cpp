// Ctrl-C as a question.
#include "famfs-cli/ui/interrupt.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace famfs::cli {
namespace {

TEST(Interrupt, ASignalBecomesAnAnswer) {
    Interrupt interrupt;
    EXPECT_FALSE(interrupt.requested());
    ASSERT_EQ(::kill(::getpid(), SIGINT), 0);
    EXPECT_TRUE(interrupt.requested());
    EXPECT_TRUE(interrupt.requested());
}

}  // namespace
}  // namespace famfs::cli
