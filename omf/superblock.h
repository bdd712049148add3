// The superblock: 200 bytes at offset 0 of the device.
#pragma once

#include "omf/constants.h"
#include "omf/uuid.h"
#include "omf/violation.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace famfs::omf {

struct Superblock {
    std::uint64_t log_length = minimum_log_length;  // bytes, header included
    std::uint64_t allocation_unit = default_allocation_unit;
    std::uint32_t major = major_version;
    std::uint32_t minor = minor_version;
    Uuid file_system;
    Uuid device;
    Uuid system;  // of the host that ran mkfs: the master
    // Outside the crc: a hint for a person, never to be relied on.
    std::uint32_t flags = 0;
    std::uint64_t device_size = 0;
    std::string device_path;  // escaped by nobody; cut to 64 bytes when written

    // First byte of file data.
    std::uint64_t data_start() const { return log_offset + log_length; }
};

using SuperblockBytes = std::array<std::byte, superblock_bytes>;

SuperblockBytes encode_superblock(const Superblock& superblock);

// Checks magic, version, crc, major version, and the geometry by itself. Any bytes are safe.
std::expected<Superblock, Violation> decode_superblock(std::span<const std::byte, superblock_bytes> bytes);

// The master's uuid as the bytes have it, unchecked: for a message about a superblock that breaks a rule.
Uuid claimed_system(std::span<const std::byte, superblock_bytes> bytes);

// That superblock, log and at least one allocation unit fit a device of `device_size` bytes.
std::expected<void, Violation> check_fits(const Superblock& superblock, std::uint64_t device_size);

}  // namespace famfs::omf
