// How many descriptors the daemon may have, and what it can do with them.
#pragma once

#include <cstdint>

namespace famfs::fused {

// Raises this process's soft limit of open descriptors to the hard one; returns what is in force then.
std::uint64_t raise_descriptor_limit();

// How many of `wanted` threads can each have the descriptors that a request takes at most, beside those that
// the daemon always has; 2 at least. No request leaves a descriptor behind, so that this is all that is ever
// needed.
unsigned max_threads(std::uint64_t descriptor_limit, unsigned wanted);

}  // namespace famfs::fused
