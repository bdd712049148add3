// The format's checksum: CRC-32 IEEE (reflected 0xEDB88320, init and xorout 0xFFFFFFFF), zero-extended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace famfs::omf {

std::uint64_t crc32(std::span<const std::byte> bytes);

}  // namespace famfs::omf
