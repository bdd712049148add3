// Tells one state of a file of the shadow tree from another.
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace famfs::service {

// What in the shadow tree a node was made from. Another value under the same name means another node.
struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;    // bytes; 0 for a directory
    std::int64_t seconds = 0;  // change time; 0 for a directory
    std::int64_t nanoseconds = 0;
    bool operator==(const Identity&) const = default;
};

Identity identity_of(const struct stat& status);

}  // namespace famfs::service
