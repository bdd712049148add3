// The log header: 48 bytes at offset 0x200000 of the device. Its first 24 bytes never change and have a crc.
#pragma once

#include "omf/constants.h"
#include "omf/violation.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

namespace famfs::omf {

struct LogHeader {
    std::uint64_t log_length = minimum_log_length;  // bytes, header included
    std::uint64_t next_seqnum = 0;
    std::uint64_t next_index = 0;  // number of valid entries

    std::uint64_t capacity() const { return entries_that_fit(log_length); }
    bool full() const { return next_index >= capacity(); }
};

using LogHeaderBytes = std::array<std::byte, log_header_bytes>;

// The bytes of the header that an append changes: next_seqnum and next_index, side by side.
inline constexpr std::size_t log_tail_offset = 32;
inline constexpr std::size_t log_tail_bytes = 16;
using LogTailBytes = std::array<std::byte, log_tail_bytes>;

LogHeaderBytes encode_log_header(const LogHeader& header);
LogTailBytes encode_log_tail(const LogHeader& header);

// Checks magic, crc, log_len against `log_length` (the superblock's), last_index and next_index. Any bytes
// are safe.
std::expected<LogHeader, Violation> decode_log_header(std::span<const std::byte, log_header_bytes> bytes,
                                                      std::uint64_t log_length);

}  // namespace famfs::omf
