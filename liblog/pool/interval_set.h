// A set of disjoint byte ranges; neighbours are merged, so a densely allocated device is one range.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace famfs::pool {

// Not thread safe.
class IntervalSet {
  public:
    // Adds [start, start + length) and returns true, or changes nothing and returns false if it meets a range
    // that is there. Pre: length > 0, no overflow.
    bool insert(std::uint64_t start, std::uint64_t length);

    // Removes a range that insert() added. Pre: all of it is in the set.
    void erase(std::uint64_t start, std::uint64_t length);

    bool overlaps(std::uint64_t start, std::uint64_t length) const;
    std::uint64_t total() const { return total_; }  // bytes

    // start -> end, ascending.
    const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; }

  private:
    std::map<std::uint64_t, std::uint64_t> ranges_;
    std::uint64_t total_ = 0;
};

}  // namespace famfs::pool
