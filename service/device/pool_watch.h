// Whether the memory still holds the pool that was mounted: another host may have formatted or wiped it.
#pragma once

#include "liblog/device/memory.h"
#include "omf/uuid.h"
#include "service/log.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace famfs::service {

// Looks at the superblocks, at most once in `interval`, when it is asked. What was found gone stays gone,
// also if the same superblock comes back: the bytes between may be anybody's. A superblock that cannot be
// read just now decides nothing. Thread safe.
class PoolWatch {
  public:
    static constexpr std::chrono::seconds interval{1};

    // Of each device of the pool. None: nothing is compared, and the pool is always there.
    using Memories = std::span<const std::unique_ptr<device::Memory>>;

    // What `memories` refers to and the log must outlive it.
    PoolWatch(Memories memories, const omf::Uuid& file_system, Log& log)
        : memories_(memories), file_system_(file_system), log_(log) {}

    // While one thread looks, others get the answer of the look before.
    bool gone();

    // Looks now. One line that names both file systems; "" while the pool is there.
    std::string why();

  private:
    using Clock = std::chrono::steady_clock;

    bool may_look() const { return !memories_.empty() && !gone_; }
    bool is_due();
    void look();
    void look(device::Memory& memory);

    const Memories memories_;
    const omf::Uuid file_system_;  // what was mounted
    Log& log_;
    std::atomic<bool> gone_ = false;
    std::atomic<Clock::rep> looked_{};  // before any look: due at once
    std::mutex mutex_;
    std::string why_;
};

}  // namespace famfs::service
