#include "liblog/pool/catalogue.h"

#include <algorithm>
#include <utility>

namespace famfs::pool {
namespace {

using omf::Rule;
using omf::Violation;
using Check = std::expected<void, Violation>;

struct Gap {
    std::uint64_t start, length;
};

// The free ranges of [first, end), each cut down to whole units.
std::vector<Gap> gaps(const IntervalSet& used, std::uint64_t first, std::uint64_t end, std::uint64_t unit) {
    std::vector<Gap> found;
    const auto add = [&](std::uint64_t start, std::uint64_t limit) {
        const std::uint64_t length = limit > start ? (limit - start) / unit * unit : 0;
        if (length > 0) found.push_back({start, length});
    };
    for (const auto& [start, limit] : used.ranges()) {
        add(first, start);
        first = std::max(first, limit);
    }
    add(first, end);
    return found;
}

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
    return value / unit * unit + (value % unit != 0 ? unit : 0);
}

}  // namespace

Catalogue::Catalogue(const omf::Superblock& superblock, std::uint64_t device_size)
    : allocation_unit_(superblock.allocation_unit),
      data_start_(superblock.data_start()),
      devices_{{device_size, superblock.device, 0}},
      device_sizes_{device_size},
      device_indices_{{superblock.device, 0}},
      used_(1) {}

Check Catalogue::apply(const omf::Entry& entry) {
    if (const auto* file = std::get_if<omf::File>(&entry)) return apply_file(*file);
    if (const auto* made = std::get_if<omf::Directory>(&entry)) return apply_directory(*made);
    return apply_device(std::get<omf::DaxDevice>(entry));
}

Check Catalogue::check_path(const omf::Path& path) const {
    if (path.is_reserved()) return std::unexpected(Violation{Rule::path_reserved});
    const auto parent = find(path.parent());
    if (!parent) return std::unexpected(Violation{Rule::parent_missing});
    if (*parent != Kind::directory) return std::unexpected(Violation{Rule::parent_not_directory});
    if (find(path.view())) return std::unexpected(Violation{Rule::path_taken});
    return {};
}

std::optional<Catalogue::Kind> Catalogue::find(std::string_view path) const {
    if (path.empty()) return Kind::directory;
    const auto found = names_.find(path);
    if (found == names_.end()) return std::nullopt;
    return found->second;
}

std::optional<std::uint32_t> Catalogue::inherited_group(std::string_view directory) const {
    const auto found = inherited_groups_.find(directory);
    if (found == inherited_groups_.end()) return std::nullopt;
    return found->second;
}

Check Catalogue::apply_file(const omf::File& file) {
    if (auto checked = check_path(file.path); !checked) return checked;
    if (auto checked = omf::check_layout(file.layout.view(), file.size, geometry()); !checked) return checked;
    if (auto claimed = claim(file.layout); !claimed) return claimed;
    adopt(file);
    return {};
}

Check Catalogue::apply_directory(const omf::Directory& directory) {
    if (auto checked = check_path(directory.path); !checked) return checked;
    adopt(directory);
    return {};
}

Check Catalogue::apply_device(const omf::DaxDevice& device) {
    if (device.index != devices_.size())
        return std::unexpected(Violation{Rule::device_index, device.index, devices_.size()});
    const auto [same, is_new] = device_indices_.emplace(device.uuid, device.index);
    if (!is_new) return std::unexpected(Violation{Rule::device_taken, same->second});
    devices_.push_back(device);
    device_sizes_.push_back(device.size);
    used_.emplace_back();
    return {};
}

// Takes all extents or none: those before the one that overlaps are given back.
Check Catalogue::claim(const omf::Layout& layout) {
    for (std::size_t item = 0; item < layout.extents.size(); ++item) {
        const omf::Extent& extent = layout.extents[item];
        if (used_[extent.device].insert(extent.offset, extent.length)) continue;
        for (std::size_t taken = 0; taken < item; ++taken)
            used_[layout.extents[taken].device].erase(layout.extents[taken].offset,
                                                      layout.extents[taken].length);
        return std::unexpected(
            Violation{Rule::extent_overlap, extent.length, extent.offset, static_cast<std::uint32_t>(item)});
    }
    return {};
}

void Catalogue::adopt(const omf::File& file) {
    names_.emplace(file.path.view(), Kind::file);
    ++totals_.files;
    totals_.file_bytes += file.size;
}

void Catalogue::adopt(const omf::Directory& directory) {
    names_.emplace(directory.path.view(), Kind::directory);
    constexpr std::uint32_t set_group_id = 02000;
    if ((directory.mode & set_group_id) != 0) inherited_groups_.emplace(directory.path.view(), directory.gid);
    ++totals_.directories;
}

std::optional<omf::Layout> Catalogue::allocate(std::uint64_t size) {
    const std::uint64_t unit = allocation_unit_;
    if (size > device_sizes_[0]) return std::nullopt;
    std::uint64_t wanted = std::max(round_up(size, unit), unit);
    auto free = gaps(used_[0], data_start_, device_sizes_[0], unit);
    const auto fits = std::ranges::find_if(free, [&](const Gap& gap) { return gap.length >= wanted; });
    if (fits != free.end())
        free = {*fits};
    else
        std::ranges::sort(free, std::greater{},
                          [](const Gap& gap) { return std::pair(gap.length, ~gap.start); });
    omf::Layout layout;
    for (const Gap& gap : free) {
        if (wanted == 0 || layout.extents.size() == omf::most_extents) break;
        const std::uint64_t length = std::min(wanted, gap.length);
        layout.extents.push_back({0, gap.start, length});
        wanted -= length;
    }
    if (wanted > 0) return std::nullopt;
    for (const omf::Extent& extent : layout.extents)
        used_[0].insert(extent.offset, extent.length);
    return layout;
}

void Catalogue::release(const omf::Layout& layout) {
    for (const omf::Extent& extent : layout.extents)
        if (extent.device < used_.size()) used_[extent.device].erase(extent.offset, extent.length);
}

Totals Catalogue::totals() const {
    Totals totals = totals_;
    totals.allocated_bytes = data_start_ + used_[0].total();
    return totals;
}

std::uint64_t Catalogue::free_bytes() const {
    const std::uint64_t usable = (device_sizes_[0] - data_start_) / allocation_unit_ * allocation_unit_;
    return usable - std::min(usable, used_[0].total());
}

omf::Geometry Catalogue::geometry() const {
    return {allocation_unit_, data_start_, device_sizes_};
}

}  // namespace famfs::pool
