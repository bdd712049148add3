#include "omf/entry.h"

#include "omf/bytes.h"
#include "omf/crc32.h"

#include <cstring>
#include <limits>

namespace famfs::omf {
namespace {

// The bytes as upstream's compiler lays them out.
struct WireExtent {
    std::uint64_t device, offset, length;
};

struct WireStripe {
    std::uint64_t strip_count, chunk_size;
    WireExtent strips[max_extents];
};

struct WireMap {
    std::uint32_t type, padding0, count, padding1;
    union {
        WireExtent extents[max_extents];
        WireStripe stripe;
    };
};

struct WireFile {
    std::uint64_t size;
    std::uint32_t flags, uid, gid, mode;
    std::byte path[path_field];
    WireMap map;
};

struct WireDirectory {
    std::uint32_t uid, gid, mode;
    std::byte path[path_field];
};

struct WireDevice {
    std::uint64_t size;
    Uuid uuid;
    std::uint32_t index, padding;
};

struct WireEntry {
    std::uint64_t seqnum;
    std::uint32_t type, padding;
    std::byte payload[520];
    std::uint64_t crc;
};

static_assert(sizeof(WireExtent) == 24);
static_assert(offsetof(WireStripe, chunk_size) == 8 && offsetof(WireStripe, strips) == 16);
static_assert(offsetof(WireMap, count) == 8 && offsetof(WireMap, extents) == 16 && sizeof(WireMap) == 416);
static_assert(offsetof(WireFile, flags) == 8 && offsetof(WireFile, uid) == 12 &&
              offsetof(WireFile, gid) == 16);
static_assert(offsetof(WireFile, mode) == 20 && offsetof(WireFile, path) == 24);
static_assert(offsetof(WireFile, map) == 104 && sizeof(WireFile) == 520);
static_assert(offsetof(WireDirectory, mode) == 8 && offsetof(WireDirectory, path) == 12);
static_assert(offsetof(WireDevice, uuid) == 8 && offsetof(WireDevice, index) == 24 &&
              sizeof(WireDevice) == 32);
static_assert(offsetof(WireEntry, type) == 8 && offsetof(WireEntry, payload) == 16);
static_assert(offsetof(WireEntry, crc) == 536 && sizeof(WireEntry) == entry_bytes);

constexpr std::uint32_t type_file = 0;
constexpr std::uint32_t type_directory = 1;
constexpr std::uint32_t type_device = 3;
constexpr std::uint32_t map_simple = 0;
constexpr std::uint32_t map_striped = 1;

constexpr std::uint32_t permission_bits = 07777;
constexpr std::uint32_t type_bits = 0170000;
constexpr std::uint32_t regular_file = 0100000;
constexpr std::uint32_t directory = 0040000;

using Decoded = std::expected<Entry, Violation>;

std::unexpected<Violation> broken(Rule rule, std::uint64_t value, std::uint64_t limit) {
    return std::unexpected(Violation{rule, value, limit});
}

WireExtent to_wire(const Extent& extent) {
    return {extent.device, extent.offset, extent.length};
}

Extent from_wire(const WireExtent& wire) {
    return {wire.device, wire.offset, wire.length};
}

WireMap encode_map(const Layout& layout) {
    WireMap map{};
    WireExtent* to = map.extents;
    map.count = static_cast<std::uint32_t>(layout.extents.size());
    if (layout.striped()) {
        map.type = map_striped;
        map.count = 1;
        map.stripe.strip_count = layout.extents.size();
        map.stripe.chunk_size = layout.chunk_size;
        to = map.stripe.strips;
    }
    for (const Extent& extent : layout.extents)
        *to++ = to_wire(extent);
    return map;
}

std::expected<Layout, Violation> decode_simple(const WireMap& map) {
    if (map.count == 0 || map.count > max_extents) return broken(Rule::extent_count, map.count, max_extents);
    Layout layout;
    for (std::size_t i = 0; i < map.count; ++i)
        layout.extents.push_back(from_wire(map.extents[i]));
    return layout;
}

std::expected<Layout, Violation> decode_striped(const WireMap& map) {
    if (map.count != 1) return broken(Rule::extent_count, map.count, 1);
    const std::uint64_t strips = map.stripe.strip_count;
    if (strips == 0 || strips > max_extents) return broken(Rule::strip_count, strips, max_extents);
    // Zero would make the layout look like a simple one; the other rules of a chunk need the pool's unit.
    if (map.stripe.chunk_size == 0) return broken(Rule::chunk_size, 0, 1);
    Layout layout;
    layout.chunk_size = map.stripe.chunk_size;
    for (std::size_t i = 0; i < strips; ++i)
        layout.extents.push_back(from_wire(map.stripe.strips[i]));
    return layout;
}

std::expected<Layout, Violation> decode_map(const WireMap& map) {
    if (map.type == map_simple) return decode_simple(map);
    if (map.type == map_striped) return decode_striped(map);
    return broken(Rule::extent_type, map.type, map_striped);
}

// Upstream's mode may or may not carry the type bits; another type's bits are refused.
std::expected<std::uint32_t, Violation> decode_mode(std::uint32_t mode, std::uint32_t own_type) {
    const std::uint32_t type = mode & type_bits;
    if ((mode & ~(type_bits | permission_bits)) != 0 || (type != 0 && type != own_type))
        return broken(Rule::mode_bits, mode, own_type | permission_bits);
    return mode & permission_bits;
}

Decoded decode_file(std::span<const std::byte> payload) {
    const auto wire = load<WireFile>(payload);
    const auto path = Path::decode(std::span<const std::byte, path_field>(wire.path));
    if (!path) return std::unexpected(path.error());
    const auto mode = decode_mode(wire.mode, regular_file);
    if (!mode) return std::unexpected(mode.error());
    if (wire.size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return broken(Rule::file_size, wire.size, std::numeric_limits<std::int64_t>::max());
    const auto layout = decode_map(wire.map);
    if (!layout) return std::unexpected(layout.error());
    return File{*path, wire.size, wire.flags, wire.uid, wire.gid, *mode, *layout};
}

Decoded decode_directory(std::span<const std::byte> payload) {
    const auto wire = load<WireDirectory>(payload);
    const auto path = Path::decode(std::span<const std::byte, path_field>(wire.path));
    if (!path) return std::unexpected(path.error());
    const auto mode = decode_mode(wire.mode, directory);
    if (!mode) return std::unexpected(mode.error());
    return Directory{*path, wire.uid, wire.gid, *mode};
}

Decoded decode_device(std::span<const std::byte> payload) {
    const auto wire = load<WireDevice>(payload);
    return DaxDevice{wire.size, wire.uuid, wire.index};
}

void encode_payload(const File& file, std::span<std::byte> payload) {
    WireFile wire{};
    wire.size = file.size;
    wire.flags = file.flags;
    wire.uid = file.uid;
    wire.gid = file.gid;
    wire.mode = file.mode;
    file.path.encode(std::span<std::byte, path_field>(wire.path));
    wire.map = encode_map(file.layout);
    store(payload, wire);
}

void encode_payload(const Directory& made, std::span<std::byte> payload) {
    WireDirectory wire{};
    wire.uid = made.uid;
    wire.gid = made.gid;
    wire.mode = made.mode;
    made.path.encode(std::span<std::byte, path_field>(wire.path));
    store(payload, wire);
}

void encode_payload(const DaxDevice& device, std::span<std::byte> payload) {
    store(payload, WireDevice{device.size, device.uuid, device.index, 0});
}

constexpr std::uint32_t type_of(const File&) {
    return type_file;
}

constexpr std::uint32_t type_of(const Directory&) {
    return type_directory;
}

constexpr std::uint32_t type_of(const DaxDevice&) {
    return type_device;
}

std::uint64_t crc_of(std::span<const std::byte> entry) {
    return crc32(entry.first(offsetof(WireEntry, crc)));
}

}  // namespace

EntryBytes encode_entry(std::uint64_t index, const Entry& entry) {
    WireEntry wire{};
    wire.seqnum = index;
    std::visit(
        [&](const auto& value) {
            wire.type = type_of(value);
            encode_payload(value, wire.payload);
        },
        entry);
    EntryBytes bytes;
    store(bytes, wire);
    wire.crc = crc_of(bytes);
    store(bytes, wire);
    return bytes;
}

Decoded decode_entry(std::span<const std::byte, entry_bytes> bytes, std::uint64_t index) {
    const auto wire = load<WireEntry>(bytes);
    if (const std::uint64_t computed = crc_of(bytes); wire.crc != computed)
        return broken(Rule::entry_crc, wire.crc, computed);
    if (wire.seqnum != index) return broken(Rule::entry_seqnum, wire.seqnum, index);
    static_assert(std::variant_size_v<Entry> == 3, "a new kind needs a case here and in claimed_path()");
    switch (wire.type) {
        case type_file:
            return decode_file(wire.payload);
        case type_directory:
            return decode_directory(wire.payload);
        case type_device:
            return decode_device(wire.payload);
        default:
            return broken(Rule::entry_type, wire.type, type_device);
    }
}

std::string_view claimed_path(std::span<const std::byte, entry_bytes> bytes) {
    const auto type = load<std::uint32_t>(bytes, offsetof(WireEntry, type));
    const auto* payload = reinterpret_cast<const char*>(bytes.data()) + offsetof(WireEntry, payload);
    const char* path = nullptr;
    if (type == type_file) path = payload + offsetof(WireFile, path);
    if (type == type_directory) path = payload + offsetof(WireDirectory, path);
    if (path == nullptr) return {};
    return {path, ::strnlen(path, path_field)};
}

std::uint64_t stored_crc(std::span<const std::byte, entry_bytes> bytes) {
    return load<std::uint64_t>(bytes, offsetof(WireEntry, crc));
}

}  // namespace famfs::omf
