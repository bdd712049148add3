// File handles: numbers that the kernel holds, for objects that the daemon holds.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace famfs::fused {

// Handles are never pointers and never used again. Thread safe; the objects look after themselves.
template <typename T>
class HandleTable {
  public:
    std::uint64_t insert(std::shared_ptr<T> object) {
        const std::lock_guard guard(mutex_);
        objects_.emplace(++last_, std::move(object));
        return last_;
    }

    // No object: not a handle that is open.
    std::shared_ptr<T> find(std::uint64_t handle) const {
        const std::lock_guard guard(mutex_);
        const auto found = objects_.find(handle);
        return found == objects_.end() ? nullptr : found->second;
    }

    void erase(std::uint64_t handle) {
        std::shared_ptr<T> last;  // let go after the lock
        const std::lock_guard guard(mutex_);
        const auto found = objects_.find(handle);
        if (found == objects_.end()) return;
        last = std::move(found->second);
        objects_.erase(found);
    }

  private:
    mutable std::mutex mutex_;
    std::uint64_t last_ = 0;
    std::unordered_map<std::uint64_t, std::shared_ptr<T>> objects_;
};

}  // namespace famfs::fused
