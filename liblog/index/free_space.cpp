#include "liblog/index/free_space.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <utility>

namespace famfs::index {
namespace {

std::size_t class_of(std::uint64_t length) {
    return static_cast<std::size_t>(std::bit_width(length)) - 1;
}

}  // namespace

FreeSpace::FreeSpace(std::uint64_t first, std::uint64_t end, std::uint64_t unit)
    : usable_(end > first ? (end - first) / unit * unit : 0), bytes_(usable_) {
    if (usable_ > 0) insert(first, usable_);
}

void FreeSpace::insert(std::uint64_t offset, std::uint64_t length) {
    ranges_.emplace(offset, length);
    by_class_[class_of(length)].insert(offset);
}

void FreeSpace::erase(Ranges::const_iterator range) {
    by_class_[class_of(range->second)].erase(range->first);
    ranges_.erase(range);
}

bool FreeSpace::claim(std::uint64_t offset, std::uint64_t length) {
    const auto after = ranges_.upper_bound(offset);
    if (after == ranges_.begin()) return false;
    const auto range = std::prev(after);
    const FreeRange whole{range->first, range->second};
    const std::uint64_t before = offset - whole.offset;
    if (before >= whole.length || length > whole.length - before) return false;
    erase(range);
    if (before > 0) insert(whole.offset, before);
    if (const std::uint64_t behind = whole.length - before - length; behind > 0)
        insert(offset + length, behind);
    bytes_ -= length;
    return true;
}

void FreeSpace::release(std::uint64_t offset, std::uint64_t length) {
    bytes_ += length;
    auto after = ranges_.upper_bound(offset);
    if (after != ranges_.begin()) {
        const auto before = std::prev(after);
        if (before->first + before->second == offset) {
            offset = before->first;
            length += before->second;
            erase(before);
        }
    }
    if (after != ranges_.end() && after->first == offset + length) {
        length += after->second;
        erase(after);
    }
    insert(offset, length);
}

std::optional<FreeRange> FreeSpace::first_fit(std::uint64_t length) const {
    if (length == 0) return std::nullopt;
    std::optional<FreeRange> best;
    const std::size_t own = class_of(length);
    for (std::size_t higher = own + 1; higher < by_class_.size(); ++higher) {
        if (by_class_[higher].empty()) continue;
        const std::uint64_t offset = *by_class_[higher].begin();
        if (!best || offset < best->offset) best = FreeRange{offset, ranges_.at(offset)};
    }
    for (const std::uint64_t offset : by_class_[own]) {
        if (best && offset > best->offset) break;
        if (const std::uint64_t found = ranges_.at(offset); found >= length) return FreeRange{offset, found};
    }
    return best;
}

std::vector<FreeRange> FreeSpace::longest(std::size_t count) const {
    std::vector<FreeRange> found;
    for (auto highest = by_class_.rbegin(); highest != by_class_.rend() && found.size() < count; ++highest)
        for (const std::uint64_t offset : *highest)
            found.push_back({offset, ranges_.at(offset)});
    std::ranges::sort(found, std::greater{},
                      [](const FreeRange& range) { return std::pair(range.length, ~range.offset); });
    if (found.size() > count) found.resize(count);
    return found;
}

}  // namespace famfs::index
