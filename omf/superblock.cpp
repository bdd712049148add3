#include "omf/superblock.h"

#include "omf/bytes.h"
#include "omf/crc32.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace famfs::omf {
namespace {

constexpr std::size_t path_bytes = 64;

struct WireSuperblock {
    std::uint64_t magic, version, log_offset, log_length, allocation_unit;
    std::uint32_t major, minor;
    Uuid file_system, device, system;
    std::uint64_t crc;
    std::uint32_t flags, padding;
    std::uint64_t device_size;
    Uuid primary_device;
    char device_path[path_bytes];
};

static_assert(offsetof(WireSuperblock, log_offset) == 16 && offsetof(WireSuperblock, log_length) == 24);
static_assert(offsetof(WireSuperblock, allocation_unit) == 32 && offsetof(WireSuperblock, major) == 40);
static_assert(offsetof(WireSuperblock, file_system) == 48 && offsetof(WireSuperblock, device) == 64);
static_assert(offsetof(WireSuperblock, system) == 80 && offsetof(WireSuperblock, crc) == 96);
static_assert(offsetof(WireSuperblock, flags) == 104 && offsetof(WireSuperblock, device_size) == 112);
static_assert(offsetof(WireSuperblock, primary_device) == 120 &&
              offsetof(WireSuperblock, device_path) == 136);
static_assert(sizeof(WireSuperblock) == superblock_bytes);

constexpr std::uint32_t flag_primary = 1;

std::uint64_t crc_of(std::span<const std::byte> bytes) {
    return crc32(bytes.first(offsetof(WireSuperblock, crc)));
}

std::unexpected<Violation> broken(Rule rule, std::uint64_t value, std::uint64_t limit) {
    return std::unexpected(Violation{rule, value, limit});
}

std::expected<void, Violation> check_identity(const WireSuperblock& wire, std::uint64_t computed_crc) {
    if (wire.magic != superblock_magic_number)
        return broken(Rule::superblock_magic, wire.magic, superblock_magic_number);
    if (wire.version != superblock_format_version)
        return broken(Rule::superblock_version, wire.version, superblock_format_version);
    if (wire.crc != computed_crc) return broken(Rule::superblock_crc, wire.crc, computed_crc);
    if (wire.major > major_version) return broken(Rule::superblock_major, wire.major, major_version);
    return {};
}

std::expected<void, Violation> check_geometry(const WireSuperblock& wire) {
    if (wire.log_offset != log_offset)
        return broken(Rule::superblock_log_offset, wire.log_offset, log_offset);
    if (wire.log_length < minimum_log_length || !std::has_single_bit(wire.log_length))
        return broken(Rule::superblock_log_length, wire.log_length, minimum_log_length);
    if (wire.allocation_unit != default_allocation_unit && wire.allocation_unit != small_allocation_unit)
        return broken(Rule::superblock_allocation_unit, wire.allocation_unit, default_allocation_unit);
    return {};
}

}  // namespace

SuperblockBytes encode_superblock(const Superblock& superblock) {
    WireSuperblock wire{};
    wire.magic = superblock_magic_number;
    wire.version = superblock_format_version;
    wire.log_offset = log_offset;
    wire.log_length = superblock.log_length;
    wire.allocation_unit = superblock.allocation_unit;
    wire.major = superblock.major;
    wire.minor = superblock.minor;
    wire.file_system = superblock.file_system;
    wire.device = superblock.device;
    wire.system = superblock.system;
    wire.flags = superblock.flags;
    wire.device_size = superblock.device_size;
    wire.primary_device = superblock.flags & flag_primary ? superblock.device : Uuid{};
    std::memcpy(wire.device_path, superblock.device_path.data(),
                std::min(superblock.device_path.size(), path_bytes));
    SuperblockBytes bytes;
    store(bytes, wire);
    wire.crc = crc_of(bytes);
    store(bytes, wire);
    return bytes;
}

std::expected<Superblock, Violation> decode_superblock(std::span<const std::byte, superblock_bytes> bytes) {
    const auto wire = load<WireSuperblock>(bytes);
    if (auto checked = check_identity(wire, crc_of(bytes)); !checked) return std::unexpected(checked.error());
    if (auto checked = check_geometry(wire); !checked) return std::unexpected(checked.error());
    Superblock superblock;
    superblock.log_length = wire.log_length;
    superblock.allocation_unit = wire.allocation_unit;
    superblock.major = wire.major;
    superblock.minor = wire.minor;
    superblock.file_system = wire.file_system;
    superblock.device = wire.device;
    superblock.system = wire.system;
    superblock.flags = wire.flags;
    superblock.device_size = wire.device_size;
    superblock.device_path.assign(wire.device_path, ::strnlen(wire.device_path, path_bytes));
    return superblock;
}

Uuid claimed_system(std::span<const std::byte, superblock_bytes> bytes) {
    return load<WireSuperblock>(bytes).system;
}

std::expected<void, Violation> check_fits(const Superblock& superblock, std::uint64_t device_size) {
    // Without overflow: log_length is a power of two, so at most 2^63.
    const std::uint64_t needed = superblock.data_start() + superblock.allocation_unit;
    if (needed > device_size) return broken(Rule::superblock_beyond_device, needed, device_size);
    return {};
}

}  // namespace famfs::omf
