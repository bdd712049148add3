#include "omf/crc32.h"

#include <libdeflate.h>

namespace famfs::omf {

std::uint64_t crc32(std::span<const std::byte> bytes) {
    return libdeflate_crc32(0, bytes.data(), bytes.size());
}

}  // namespace famfs::omf
