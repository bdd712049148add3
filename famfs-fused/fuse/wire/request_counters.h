// How many requests of each kind the kernel has made.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace famfs::fused {

// Thread safe.
class RequestCounters {
  public:
    // Opcodes that are too large to be known are counted as one.
    void count(std::uint32_t opcode) {
        counts_[opcode < counts_.size() ? opcode : 0].fetch_add(1, std::memory_order_relaxed);
    }

    // {"read":3,"open":1,…}: those that came, by the kernel's names, small letters.
    std::string json() const;

  private:
    std::array<std::atomic<std::uint64_t>, 64> counts_{};
};

}  // namespace famfs::fused
