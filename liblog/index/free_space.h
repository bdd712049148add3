// The free bytes of one device: what no file of the pool has.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace famfs::index {

// A run of free bytes, device-absolute.
struct FreeRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

// Disjoint free ranges of whole allocation units; neighbours are merged. A change costs O(log n) of the
// number of ranges; a search looks, beyond that, only at ranges whose length has the same highest bit. Not
// thread safe.
class FreeSpace {
  public:
    // All of [first, end) is free, less what is left of a unit at its end. Pre: unit > 0, first is a multiple
    // of it.
    FreeSpace(std::uint64_t first, std::uint64_t end, std::uint64_t unit);

    // Takes [offset, offset + length) and returns true, or changes nothing and returns false if not all of it
    // is free. Offset and length are multiples of the unit.
    bool claim(std::uint64_t offset, std::uint64_t length);

    // Gives back a range that claim() took. Pre: all of it is taken.
    void release(std::uint64_t offset, std::uint64_t length);

    // The range with the lowest offset of those that have at least `length` bytes.
    std::optional<FreeRange> first_fit(std::uint64_t length) const;
    // The longest ranges, at most `count`, longest first; of equal ones the lower offset first.
    std::vector<FreeRange> longest(std::size_t count) const;

    std::uint64_t bytes() const { return bytes_; }                                    // free now
    std::uint64_t usable_bytes() const { return usable_; }                            // free at the start
    const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; }  // offset -> length

  private:
    using Ranges = std::map<std::uint64_t, std::uint64_t>;

    void insert(std::uint64_t offset, std::uint64_t length);
    void erase(Ranges::const_iterator range);

    Ranges ranges_;
    // Their offsets, by the highest bit of their length: whatever is in a higher class than a length fits it.
    std::array<std::set<std::uint64_t>, 64> by_class_;
    std::uint64_t usable_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace famfs::index
