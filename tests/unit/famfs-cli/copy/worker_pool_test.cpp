// Jobs and threads.
#include "famfs-cli/copy/worker_pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

namespace famfs::cli {
namespace {

TEST(WorkerPool, DoesEveryJobOnceAndWaitWaits) {
    std::atomic<int> sum = 0;
    WorkerPool pool(3);
    for (int round = 1; round <= 3; ++round) {
        for (int i = 1; i <= 1000; ++i) {
            pool.submit([&sum, i] { sum += i; });
        }
        pool.wait();
        EXPECT_EQ(sum, round * 500500);
    }
}

TEST(WorkerPool, DestructionFinishesTheJobs) {
    std::atomic<int> done = 0;
    {
        WorkerPool pool(1);
        for (int i = 0; i < 5; ++i) {
            pool.submit([&done] {
                ::usleep(1000);
                ++done;
            });
        }
    }
    EXPECT_EQ(done, 5);
}

}  // namespace
}  // namespace famfs::cli
