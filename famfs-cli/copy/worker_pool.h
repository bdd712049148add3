// A few threads that do jobs in the order they come.
#pragma once

#include "omf/error.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace famfs::cli {

// What a job that may not throw makes of std::bad_alloc. The text is short enough to need no memory itself.
Error out_of_memory();

// How many threads work when nobody says: one for each core, and no more than the limit of open files has
// room for at two files a thread.
unsigned default_threads();

// Jobs must not throw, and must not submit jobs. submit() and wait() are for one thread, the owner.
class WorkerPool {
  public:
    explicit WorkerPool(unsigned threads);
    // Waits for the jobs.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // Blocks while many jobs wait, so that what they hold (descriptors, memory) stays bounded.
    void submit(std::function<void()> job);
    // Returns when all jobs are done.
    void wait();

  private:
    void run();

    std::mutex mutex_;
    std::condition_variable job_ready_;
    std::condition_variable job_done_;
    std::deque<std::function<void()>> jobs_;
    std::size_t max_waiting_;
    std::size_t running_ = 0;
    bool stop_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace famfs::cli
