// How many lines may be written.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace famfs::service {

// `burst` at once and `per_second` from then on. Not thread safe.
class RateLimit {
  public:
    RateLimit(unsigned burst, unsigned per_second)
        : burst_(burst), per_second_(per_second), allowance_(burst) {}

    // Takes one of the allowance; says how many were refused before it.
    bool admit(std::uint64_t& left_out) {
        const auto now = Clock::now();
        const std::chrono::duration<double> passed = now - refilled_;
        refilled_ = now;
        allowance_ = std::min<double>(burst_, allowance_ + passed.count() * per_second_);
        if (allowance_ < 1) {
            ++refused_;
            return false;
        }
        allowance_ -= 1;
        left_out = std::exchange(refused_, 0);
        return true;
    }

  private:
    using Clock = std::chrono::steady_clock;

    unsigned burst_;
    unsigned per_second_;
    double allowance_;
    Clock::time_point refilled_ = Clock::now();
    std::uint64_t refused_ = 0;
};

}  // namespace famfs::service
