#include "liblog/pool/allocator.h"

#include <algorithm>

namespace famfs::pool {
namespace {

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
    return value / unit * unit + (value % unit != 0 ? unit : 0);
}

std::optional<omf::Layout> longest_ranges(const index::FreeSpace& free, std::size_t device,
                                          std::uint64_t wanted) {
    omf::Layout layout;
    for (const auto& range : free.longest(omf::max_extents)) {
        const std::uint64_t length = std::min(wanted, range.length);
        layout.extents.push_back({device, range.offset, length});
        wanted -= length;
        if (wanted == 0) return layout;
    }
    return std::nullopt;
}

}  // namespace

std::optional<omf::Layout> FirstFit::place(const index::Index& index, std::uint64_t size) const {
    const std::uint64_t unit = index.geometry().allocation_unit;
    for (const std::size_t device : devices_) {
        const index::FreeSpace& free = index.free_space(device);
        if (size > free.bytes()) continue;
        const std::uint64_t wanted = std::max(round_up(size, unit), unit);
        if (const auto range = free.first_fit(wanted))
            return omf::Layout{0, omf::ExtentList(omf::Extent{device, range->offset, wanted})};
    }
    for (const std::size_t device : devices_) {
        const index::FreeSpace& free = index.free_space(device);
        if (size > free.bytes()) continue;
        if (auto layout = longest_ranges(free, device, round_up(size, unit))) return layout;
    }
    return std::nullopt;
}

std::optional<omf::Layout> Striped::place(const index::Index& index, std::uint64_t size) const {
    const std::uint64_t row = devices_.size() * chunk_size_;
    const std::uint64_t rows = std::max<std::uint64_t>(size / row + (size % row != 0 ? 1 : 0), 1);
    omf::Layout layout;
    layout.chunk_size = chunk_size_;
    for (const std::size_t device : devices_) {
        const index::FreeSpace& free = index.free_space(device);
        if (rows > free.bytes() / chunk_size_) return std::nullopt;
        const auto range = free.first_fit(rows * chunk_size_);
        if (!range) return std::nullopt;
        layout.extents.push_back({device, range->offset, rows * chunk_size_});
    }
    return layout;
}

std::optional<omf::Layout> allocate(index::Index& index, std::uint64_t size, const AllocationPolicy& policy) {
    auto layout = policy.place(index, size);
    if (!layout || !index.claim(*layout)) return std::nullopt;
    return layout;
}

}  // namespace famfs::pool
