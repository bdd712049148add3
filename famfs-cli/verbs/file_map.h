// Where a file lies in memory, as the daemon of its mount tells it.
#pragma once

#include "omf/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace famfs::cli {

struct MappedExtent {
    std::string device;  // uuid, or the index if the pool does not know one
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

struct FileMap {
    std::string path;      // as asked for
    std::uint64_t id = 0;  // the same on every host; 0: the shadow tree names none
    std::uint64_t size = 0;
    std::uint64_t chunk_size = 0;  // 0: not striped
    std::vector<MappedExtent> extents;
};

// The value of user.famfs.extents, untrusted: kind corrupt if it is not what a daemon writes. Fills chunk
// size and extents only.
Result<FileMap> read_extents(std::string_view text);

}  // namespace famfs::cli
