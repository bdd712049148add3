// How many threads so many descriptors allow.
#include "famfs-fused/process/descriptors.h"

#include <gtest/gtest.h>

namespace famfs::fused {
namespace {

TEST(MaxThreads, AsManyAsHaveTheirDescriptors) {
    EXPECT_EQ(max_threads(1'000'000, 8), 8U);
    EXPECT_EQ(max_threads(1024, 256), 198U);
    EXPECT_EQ(max_threads(64, 256), 6U);
    EXPECT_EQ(max_threads(20, 256), 2U);
    EXPECT_EQ(max_threads(20, 1), 1U);
}

}  // namespace
}  // namespace famfs::fused
