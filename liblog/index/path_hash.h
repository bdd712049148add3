// A short stand-in for a path.
#pragma once

#include "omf/uuid.h"

#include <cstdint>
#include <string_view>

namespace famfs::index {

// SipHash-2-4 with the file system's uuid as its key: the same on every host. Two paths of one pool have the
// same one by chance once in 2^64 pairs; somebody who looks for such a pair can find one.
std::uint64_t path_hash(const omf::Uuid& file_system, std::string_view path);

}  // namespace famfs::index
