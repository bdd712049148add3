#include "liblog/pool/interval_set.h"

#include <iterator>

namespace famfs::pool {

bool IntervalSet::overlaps(std::uint64_t start, std::uint64_t length) const {
    const auto after = ranges_.upper_bound(start);
    if (after != ranges_.end() && after->first < start + length) return true;
    return after != ranges_.begin() && std::prev(after)->second > start;
}

bool IntervalSet::insert(std::uint64_t start, std::uint64_t length) {
    if (overlaps(start, length)) return false;
    std::uint64_t end = start + length;
    auto after = ranges_.lower_bound(start);
    if (after != ranges_.end() && after->first == end) {
        end = after->second;
        after = ranges_.erase(after);
    }
    if (after != ranges_.begin() && std::prev(after)->second == start)
        std::prev(after)->second = end;
    else
        ranges_.emplace_hint(after, start, end);
    total_ += length;
    return true;
}

void IntervalSet::erase(std::uint64_t start, std::uint64_t length) {
    const auto range = std::prev(ranges_.upper_bound(start));
    const std::uint64_t end = range->second;
    if (range->first == start)
        ranges_.erase(range);
    else
        range->second = start;
    if (end > start + length) ranges_.emplace(start + length, end);
    total_ -= length;
}

}  // namespace famfs::pool
