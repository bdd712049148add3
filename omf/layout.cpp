#include "omf/layout.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace famfs::omf {
namespace {

using Check = std::expected<void, Violation>;

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
    return a > no_limit - b ? no_limit : a + b;
}

std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) {
    return b != 0 && a > no_limit / b ? no_limit : a * b;
}

Extent simple_run(std::span<const Extent> extents, std::uint64_t file_offset) {
    for (const Extent& extent : extents) {
        if (file_offset < extent.length)
            return {extent.device, extent.offset + file_offset, extent.length - file_offset};
        file_offset -= extent.length;
    }
    return {};
}

Extent striped_run(const LayoutView& layout, std::uint64_t file_offset) {
    const std::uint64_t chunk = file_offset / layout.chunk_size;
    const std::uint64_t in_chunk = file_offset % layout.chunk_size;
    const Extent& strip = layout.extents[chunk % layout.extents.size()];
    const std::uint64_t row = chunk / layout.extents.size();
    if (row >= strip.length / layout.chunk_size) return {};
    return {strip.device, strip.offset + row * layout.chunk_size + in_chunk, layout.chunk_size - in_chunk};
}

std::unexpected<Violation> broken(Rule rule, std::uint64_t value, std::uint64_t limit, std::size_t item = 0) {
    return std::unexpected(Violation{rule, value, limit, static_cast<std::uint32_t>(item)});
}

Check check_counts(const LayoutView& layout, const Geometry& geometry) {
    const std::size_t count = layout.extents.size();
    if (!layout.striped()) {
        if (count == 0 || count > max_extents) return broken(Rule::extent_count, count, max_extents);
        return {};
    }
    if (count == 0 || count > max_extents) return broken(Rule::strip_count, count, max_extents);
    if (!std::has_single_bit(layout.chunk_size) || layout.chunk_size % geometry.allocation_unit != 0)
        return broken(Rule::chunk_size, layout.chunk_size, geometry.allocation_unit);
    return {};
}

Check check_strip(const LayoutView& layout, std::size_t item) {
    const std::uint64_t length = layout.extents[item].length;
    if (length != layout.extents[0].length)
        return broken(Rule::strip_length, length, layout.extents[0].length, item);
    if (length % layout.chunk_size != 0)
        return broken(Rule::strip_length, length, length - length % layout.chunk_size, item);
    return {};
}

Check check_extent(const Extent& extent, std::size_t item, const Geometry& geometry) {
    const std::uint64_t unit = geometry.allocation_unit;
    if (extent.length == 0) return broken(Rule::extent_empty, 0, unit, item);
    if (extent.offset % unit != 0) return broken(Rule::extent_alignment, extent.offset, unit, item);
    if (extent.length % unit != 0) return broken(Rule::extent_alignment, extent.length, unit, item);
    const auto& sizes = geometry.device_sizes;
    if (extent.device >= sizes.size() || sizes[extent.device] == 0)
        return broken(Rule::extent_device, extent.device, sizes.size(), item);
    const std::uint64_t size = sizes[extent.device];
    if (extent.offset > size || extent.length > size - extent.offset)
        return broken(Rule::extent_beyond_device, extent.offset, size, item);
    const std::uint64_t first = extent.device == 0 ? geometry.data_start : 0;
    if (extent.offset < first) return broken(Rule::extent_in_metadata, extent.offset, first, item);
    return {};
}

}  // namespace

bool ExtentList::operator==(const ExtentList& other) const {
    return std::ranges::equal(span(), other.span());
}

std::uint64_t LayoutView::capacity() const {
    std::uint64_t total = 0;
    if (striped()) return extents.empty() ? 0 : saturating_multiply(extents[0].length, extents.size());
    for (const Extent& extent : extents)
        total = saturating_add(total, extent.length);
    return total;
}

Extent LayoutView::run_at(std::uint64_t file_offset) const {
    if (extents.empty()) return {};
    return striped() ? striped_run(*this, file_offset) : simple_run(extents, file_offset);
}

Check check_layout(LayoutView layout, std::uint64_t size, const Geometry& geometry) {
    if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return broken(Rule::file_size, size, std::numeric_limits<std::int64_t>::max());
    if (auto checked = check_counts(layout, geometry); !checked) return checked;
    for (std::size_t item = 0; item < layout.extents.size(); ++item) {
        if (layout.striped())
            if (auto checked = check_strip(layout, item); !checked) return checked;
        if (auto checked = check_extent(layout.extents[item], item, geometry); !checked) return checked;
    }
    if (layout.capacity() < size) return broken(Rule::extents_too_short, layout.capacity(), size);
    return {};
}

}  // namespace famfs::omf
