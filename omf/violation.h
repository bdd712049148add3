// The rules that a reader holds a pool to, and what a breach of one says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace famfs::omf {

// One rule each; docs/format.md lists what a reader does about it.
enum class Rule : std::uint8_t {
    // The pool is refused.
    superblock_magic,
    superblock_version,
    superblock_crc,
    superblock_major,
    superblock_log_offset,
    superblock_log_length,
    superblock_allocation_unit,
    superblock_beyond_device,
    header_magic,
    header_crc,
    header_log_length,
    header_last_index,
    header_next_index,
    // Replay stops there.
    entry_crc,
    entry_seqnum,
    // The entry is skipped.
    entry_type,
    path_empty,
    path_too_long,
    path_absolute,
    path_component,
    path_reserved,
    parent_missing,
    parent_not_directory,
    path_taken,
    mode_bits,
    file_size,
    extent_type,
    extent_count,
    strip_count,
    chunk_size,
    strip_length,
    extent_empty,
    extent_alignment,
    extent_device,
    extent_beyond_device,
    extent_in_metadata,
    extents_too_short,
    extent_overlap,
    device_index,
    device_taken,
    count_,  // how many there are
};

// A breach: the value found and the limit or value that the rule wants. `item` is the extent or strip it was
// found in, where there is one.
struct Violation {
    Rule rule;
    std::uint64_t value = 0;
    std::uint64_t limit = 0;
    std::uint32_t item = 0;
};

// The rule's stable name, as in JSON output: "extent-overlap".
std::string_view name(Rule rule);

// One clause for a person: "extent 2: offset 0x1000 is not a multiple of 0x200000".
std::string describe(const Violation& violation);

// True if a reader must not trust anything after an entry that breaks this rule.
constexpr bool stops_replay(Rule rule) {
    return rule == Rule::entry_crc || rule == Rule::entry_seqnum;
}

}  // namespace famfs::omf
