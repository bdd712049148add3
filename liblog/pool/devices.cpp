#include "liblog/pool/devices.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace famfs::pool {
namespace {

using Shares = std::vector<std::pair<std::uint64_t, DeviceShare>>;

void add_share(Shares& shares, const omf::Extent& extent, std::uint64_t used) {
    auto found = std::ranges::find(shares, extent.device, &Shares::value_type::first);
    if (found == shares.end()) found = shares.insert(found, {extent.device, {}});
    found->second.extents.push_back(extent);
    found->second.size += used;
}

}  // namespace

Shares split_by_device(omf::LayoutView layout, std::uint64_t size) {
    Shares shares;
    for (const omf::Extent& extent : layout.extents) {
        const std::uint64_t used = layout.striped() ? extent.length : std::min(extent.length, size);
        if (used == 0 && !shares.empty()) break;
        add_share(shares, extent, used);
        if (!layout.striped()) size -= used;
    }
    return shares;
}

Devices::Devices(std::unique_ptr<device::Memory> primary) : uuids_(1) {
    memories_.push_back(std::move(primary));
}

void Devices::add(const omf::Uuid& uuid, std::unique_ptr<device::Memory> memory) {
    unnamed_.push_back({uuid, std::move(memory)});
}

Result<void> Devices::assign(std::span<const omf::DaxDevice> named) {
    Result<void> result;
    for (std::size_t index = memories_.size(); index < named.size(); ++index) {
        memories_.emplace_back();
        uuids_.push_back(named[index].uuid);
    }
    for (std::size_t index = 1; index < named.size(); ++index)
        if (!memories_[index])
            if (auto placed = place(named[index]); !placed && result) result = placed;
    return result;
}

Result<void> Devices::place(const omf::DaxDevice& named) {
    const auto found = std::ranges::find(unnamed_, named.uuid, &Unnamed::uuid);
    if (found == unnamed_.end()) return {};
    const device::Memory& memory = *found->memory;
    if (memory.size() < named.size)
        return fail(ErrorKind::corrupt, ENXIO,
                    fmt::format("{}: {} bytes, the pool needs {} of its device {}", memory.description().path,
                                memory.size(), named.size, named.index));
    memories_[named.index] = std::move(found->memory);
    unnamed_.erase(found);
    return {};
}

Result<device::Memory*> Devices::at(std::uint64_t device) const {
    if (device < memories_.size() && memories_[device]) return memories_[device].get();
    const std::string which =
        device < uuids_.size() ? fmt::format(" ({})", to_string(uuids_[device])) : std::string();
    return fail(ErrorKind::unsupported, ENODEV,
                fmt::format("{}: device {} of the pool{} is not open here", primary().description().path,
                            device, which));
}

Result<device::MappedRange> Devices::map(omf::LayoutView layout, std::uint64_t size) const {
    const Shares shares = split_by_device(layout, size);
    for (const auto& [device, share] : shares)
        if (const auto memory = at(device); !memory) return std::unexpected(memory.error());
    auto ranges = std::make_shared<std::vector<device::MappedRange>>();
    for (const auto& [device, share] : shares) {
        auto range = (*at(device))->reach(share.extents, share.size);
        if (!range) return std::unexpected(range.error());
        ranges->push_back(std::move(*range));
    }
    return ranges;
}

Result<void> Devices::read(Address from, std::span<std::byte> out) const {
    const auto memory = at(from.device);
    return memory ? (*memory)->read(from.offset, out) : std::unexpected(memory.error());
}

Result<void> Devices::write(Address to, std::span<const std::byte> bytes) const {
    const auto memory = at(to.device);
    return memory ? (*memory)->write(to.offset, bytes) : std::unexpected(memory.error());
}

Result<void> Devices::zero(const omf::Extent& run) const {
    const auto memory = at(run.device);
    return memory ? (*memory)->zero(run.offset, run.length) : std::unexpected(memory.error());
}

Result<std::uint64_t> Devices::copy_from(int source, std::uint64_t source_offset,
                                         const omf::Extent& run) const {
    const auto memory = at(run.device);
    if (!memory) return std::unexpected(memory.error());
    return (*memory)->copy_from(source, source_offset, run.offset, run.length);
}

Result<void> Devices::write_back(const omf::Extent& run) const {
    const auto memory = at(run.device);
    return memory ? (*memory)->write_back(run.offset, run.length) : std::unexpected(memory.error());
}

Result<void> Devices::invalidate(const omf::Extent& run) const {
    const auto memory = at(run.device);
    return memory ? (*memory)->invalidate(run.offset, run.length) : std::unexpected(memory.error());
}

void Devices::fence() const {
    for (const auto& memory : memories_)
        if (memory) memory->fence();
}

}  // namespace famfs::pool
