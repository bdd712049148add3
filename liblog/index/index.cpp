#include "liblog/index/index.h"

#include <variant>

namespace famfs::index {

using omf::Rule;
using omf::Violation;

Index::Index(const omf::Superblock& superblock, std::uint64_t device_size)
    : allocation_unit_(superblock.allocation_unit),
      data_start_(superblock.data_start()),
      devices_{{device_size, superblock.device, 0}},
      device_sizes_{device_size},
      device_indices_{{superblock.device, 0}},
      last_parent_(&names_.root()) {
    free_.emplace_back(data_start_, device_size, allocation_unit_);
}

Index::Check Index::apply(std::uint64_t number, const omf::Entry& entry) {
    return std::visit([&](const auto& value) { return apply_entry(number, value); }, entry);
}

Index::Check Index::check_path(const omf::Path& path) const {
    return check_new(path, names_.resolve(path.parent()));
}

Index::Check Index::check_new(const omf::Path& path, const Inode* parent) const {
    if (path.is_reserved()) return std::unexpected(Violation{Rule::path_reserved});
    if (parent == nullptr) return std::unexpected(Violation{Rule::parent_missing});
    if (!parent->is_directory()) return std::unexpected(Violation{Rule::parent_not_directory});
    if (names_.lookup(*parent, path.name()) != nullptr) return std::unexpected(Violation{Rule::path_taken});
    return {};
}

const Inode* Index::parent_of(const omf::Path& path) {
    if (path.parent() == last_parent_path_) return last_parent_;
    const Inode* const parent = names_.resolve(path.parent());
    if (parent == nullptr) return nullptr;
    last_parent_path_ = path.parent();
    last_parent_ = parent;
    return parent;
}

Index::Check Index::apply_entry(std::uint64_t number, const omf::File& file) {
    if (auto checked = check_new(file.path, parent_of(file.path)); !checked) return checked;
    if (auto checked = omf::check_layout(file.layout.view(), file.size, geometry()); !checked) return checked;
    if (auto claimed = claim(file.layout); !claimed) return claimed;
    adopt(number, file);
    return {};
}

Index::Check Index::apply_entry(std::uint64_t number, const omf::Directory& directory) {
    const Inode* const parent = parent_of(directory.path);
    if (auto checked = check_new(directory.path, parent); !checked) return checked;
    const Attributes attributes{.uid = directory.uid, .gid = directory.gid, .mode = directory.mode};
    if (!names_.add_directory(inode_of_entry(number), *parent, directory.path.name(), attributes))
        return std::unexpected(Violation{Rule::path_taken});
    ++totals_.directories;
    return {};
}

Index::Check Index::apply_entry(std::uint64_t, const omf::DaxDevice& device) {
    if (device.index != devices_.size())
        return std::unexpected(Violation{Rule::device_index, device.index, devices_.size()});
    const auto [same, is_new] = device_indices_.emplace(device.uuid, device.index);
    if (!is_new) return std::unexpected(Violation{Rule::device_taken, same->second});
    devices_.push_back(device);
    device_sizes_.push_back(device.size);
    free_.emplace_back(0, device.size, allocation_unit_);
    return {};
}

void Index::adopt(std::uint64_t number, const omf::File& file) {
    const Attributes attributes{file.size, file.flags, file.uid, file.gid, file.mode};
    if (!names_.add_file(inode_of_entry(number), *parent_of(file.path), file.path.name(), attributes,
                         file.layout.view()))
        return;
    ++totals_.files;
    totals_.file_bytes += file.size;
}

// Those before the one that is not free are given back.
Index::Check Index::claim(const omf::Layout& layout) {
    for (std::size_t item = 0; item < layout.extents.size(); ++item) {
        const omf::Extent& extent = layout.extents[item];
        if (free_[extent.device].claim(extent.offset, extent.length)) continue;
        for (const omf::Extent& taken : layout.extents.span().first(item))
            free_[taken.device].release(taken.offset, taken.length);
        return std::unexpected(
            Violation{Rule::extent_overlap, extent.length, extent.offset, static_cast<std::uint32_t>(item)});
    }
    return {};
}

void Index::release(const omf::Layout& layout) {
    for (const omf::Extent& extent : layout.extents)
        if (extent.device < free_.size()) free_[extent.device].release(extent.offset, extent.length);
}

Totals Index::totals() const {
    Totals totals = totals_;
    totals.allocated_bytes = data_start_ + free_[0].usable_bytes() - free_[0].bytes();
    return totals;
}

omf::Geometry Index::geometry() const {
    return {allocation_unit_, data_start_, device_sizes_};
}

}  // namespace famfs::index
