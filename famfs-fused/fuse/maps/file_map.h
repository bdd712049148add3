// A file's map as the kernel reads it. Format: docs/kernel-maps.md.
#pragma once

#include "famfs-fused/fuse/maps/kernel_abi.h"
#include "omf/error.h"
#include "omf/layout.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace famfs::fused {

enum class MapFileType : std::uint8_t { regular = 0, superblock = 1, log = 2 };

// What a map is made of.
struct MapSource {
    MapFileType type = MapFileType::regular;
    std::uint64_t size = 0;  // bytes
    omf::LayoutView layout;
};

inline constexpr std::size_t map_header_bytes = 32;

// Bytes of the whole message. The error says in one clause why this kernel cannot be sent the map: EINVAL for
// an offset, length or chunk that is not aligned, ENXIO for a device it cannot name, E2BIG for too many
// extents. Pre: the layout keeps the rules of the format for the file's size.
Result<std::size_t> map_bytes(const KernelAbi& abi, const MapSource& source);

// The message: the map, or, if it is longer than `room`, its header alone, which says how long it is.
Result<std::vector<std::byte>> encode_map(const KernelAbi& abi, const MapSource& source, std::size_t room);

inline constexpr std::size_t device_reply_bytes = 280;

// The answer to a question for device `index`; ENAMETOOLONG if the path does not fit.
Result<std::vector<std::byte>> encode_device(std::uint64_t index, std::string_view path);

}  // namespace famfs::fused
