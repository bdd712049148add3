// Constants of the famfs on-media format. Source: docs/format.md. Lengths and offsets are in bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace famfs::omf {

inline constexpr std::uint64_t superblock_magic_number = 0x87b282ff;
inline constexpr std::uint64_t superblock_format_version = 48;
inline constexpr std::uint32_t major_version = 2;
inline constexpr std::uint32_t minor_version = 2;

inline constexpr std::uint64_t superblock_region = 0x200000;  // the region; its first bytes carry meaning
inline constexpr std::size_t superblock_bytes = 200;
inline constexpr std::uint64_t log_offset = superblock_region;

inline constexpr std::uint64_t log_magic_number = 0xbadcafef00d;
inline constexpr std::uint64_t minimum_log_length = 0x800000;
inline constexpr std::size_t log_header_bytes = 48;
inline constexpr std::size_t entry_bytes = 544;

inline constexpr std::uint64_t default_allocation_unit = 0x200000;
inline constexpr std::uint64_t small_allocation_unit = 0x1000;

inline constexpr std::size_t path_field = 80;
inline constexpr std::size_t max_path = path_field - 1;
inline constexpr std::size_t max_extents = 16;  // simple extents of a file, or strips of its one stripe

inline constexpr std::uint32_t flag_read_only = 1;   // all hosts may only read the file
inline constexpr std::uint32_t flag_read_write = 2;  // all hosts may read and write it

// How many entries a log of `log_length` bytes holds. Pre: log_length >= log_header_bytes.
constexpr std::uint64_t entries_that_fit(std::uint64_t log_length) {
    return (log_length - log_header_bytes) / entry_bytes;
}

// Where entry `index` starts, as an offset into the device.
constexpr std::uint64_t entry_offset(std::uint64_t index) {
    return log_offset + log_header_bytes + index * entry_bytes;
}

}  // namespace famfs::omf
