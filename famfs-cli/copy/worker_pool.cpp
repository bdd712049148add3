#include "famfs-cli/copy/worker_pool.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <exception>

namespace famfs::cli {
namespace {

// Descriptors that jobs may hold in all: the process's limit less what pool and shadow tree take.
std::size_t descriptor_budget() {
    constexpr rlim_t others = 40;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < others + 2) return 2;
    return std::min<rlim_t>(limit.rlim_cur - others, 1 << 20);
}

unsigned cores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        return static_cast<unsigned>(std::max(1, CPU_COUNT(&allowed)));
    }
    return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

unsigned default_threads() {
    return static_cast<unsigned>(std::min<std::size_t>(cores(), descriptor_budget() / 2));
}

Error out_of_memory() {
    return {ErrorKind::io, ENOMEM, "out of memory"};
}

// One thread is enough to go on with. A job that waits may hold a descriptor.
WorkerPool::WorkerPool(unsigned threads)
    : max_waiting_(
          std::clamp<std::size_t>(descriptor_budget() - std::min<std::size_t>(threads, descriptor_budget()),
                                  1, std::size_t{threads} * 8)) {
    threads_.reserve(threads);
    try {
        for (unsigned i = 0; i < threads; ++i)
            threads_.emplace_back([this] { run(); });
    } catch (const std::exception&) {
        if (threads_.empty()) throw;
    }
}

WorkerPool::~WorkerPool() {
    wait();
    {
        const std::lock_guard guard(mutex_);
        stop_ = true;
    }
    job_ready_.notify_all();
}

void WorkerPool::submit(std::function<void()> job) {
    {
        std::unique_lock lock(mutex_);
        job_done_.wait(lock, [this] { return jobs_.size() < max_waiting_; });
        jobs_.push_back(std::move(job));
    }
    job_ready_.notify_one();
}

void WorkerPool::wait() {
    std::unique_lock lock(mutex_);
    job_done_.wait(lock, [this] { return jobs_.empty() && running_ == 0; });
}

void WorkerPool::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        job_ready_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        {
            const auto job = std::move(jobs_.front());
            jobs_.pop_front();
            ++running_;
            lock.unlock();
            job();
        }
        lock.lock();
        --running_;
        job_done_.notify_all();
    }
}

}  // namespace famfs::cli
