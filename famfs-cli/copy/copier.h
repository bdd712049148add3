// Copies files into a pool: several threads move the bytes, the entries follow in order.
#pragma once

#include "famfs-cli/copy/worker_pool.h"
#include "famfs-cli/ui/interrupt.h"
#include "famfs-cli/ui/progress.h"
#include "liblog/file_descriptor.h"
#include "liblog/shadow/pool_writer.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace famfs::cli {

// A file becomes visible only when all its bytes are in memory and all files that were added before it are
// settled. Everything but the reports runs in worker threads.
class Copier {
  public:
    // `failed` is told the name and the reason of each file that was dropped, from any thread, one at a time.
    using FailureReport = std::function<void(const std::string& name, const std::string& reason)>;

    Copier(shadow::PoolWriter& writer, Progress& progress, Interrupt& interrupt, bool verify,
           FailureReport failed);
    ~Copier();
    Copier(const Copier&) = delete;
    Copier& operator=(const Copier&) = delete;

    // Copies `source` into a reserved file in the background, and commits it, or releases the reservation.
    // The source is closed when its bytes are copied. Waits while very many files wait for one that was added
    // before them.
    void add(FileDescriptor source, std::string name, omf::File target);

    // Waits until all that was added is settled.
    void finish();

    // Nothing more is worth adding: the pool or the system failed (fatal()), or somebody pressed Ctrl-C.
    bool stopped();
    std::optional<Error> fatal() const;
    std::uint64_t committed() const { return committed_; }

  private:
    struct File;

    void copy_piece(File& file, std::uint64_t offset, std::uint64_t length);
    Result<void> copy_steps(const File& file, std::uint64_t offset, std::uint64_t length);
    Result<void> copy_range(const File& file, std::uint64_t offset, std::uint64_t length);
    Result<void> compare_range(const File& file, std::uint64_t offset, std::uint64_t length);
    Result<void> copy_data(const File& file, std::uint64_t offset, std::uint64_t length);
    void close_source(File& file);
    bool wait_for_room();
    void settle_ready(std::unique_lock<std::mutex>& lock);
    void settle(File& file);
    void drop(File& file, const Error& error);

    shadow::PoolWriter& writer_;
    Progress& progress_;
    Interrupt& interrupt_;
    const bool verify_;
    const FailureReport failed_;
    mutable std::mutex mutex_;
    std::condition_variable settled_;
    std::deque<std::shared_ptr<File>> files_;  // not settled yet, in the order of add()
    bool settling_ = false;
    std::atomic<bool> stop_ = false;
    std::optional<Error> fatal_;
    std::atomic<std::uint64_t> committed_ = 0;
    WorkerPool workers_;  // last: its threads use the others
};

}  // namespace famfs::cli
