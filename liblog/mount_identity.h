// One mount, told apart from whatever else is, was or will be mounted at its place.
#pragma once

#include "liblog/mounts.h"
#include "omf/error.h"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace famfs {

struct MountIdentity {
    std::uint64_t id = 0;      // as in mountinfo; used again once the mount is gone
    dev_t device = 0;          // of the file system; used again likewise
    std::uint64_t unique = 0;  // never used again; 0 if it is not known (Linux before 6.8)

    bool operator==(const MountIdentity&) const = default;
};

// What lies at a path: nothing that serves the path is asked, so that a daemon that has stopped holds up
// nobody. A field is 0 that the kernel does not tell.
Result<MountIdentity> identity_at(const std::string& path);

// The identity of a mount of the table. Its unique id stays 0 where something covers it.
MountIdentity identify(const Mount& mount);

// The mount of the table with this identity; nullptr if it is gone. Two with the same id and device are told
// apart by the unique one, where both are known.
const Mount* find_mount(const std::vector<Mount>& mounts, const MountIdentity& identity);

// Whether the path of `mount` leads to it.
bool is_visible(const Mount& mount);

// Takes exactly this mount out of the tree (MNT_DETACH): who uses it goes on, nobody new can. For root. Fails
// with EBUSY if something covers it, and ENOENT if it is gone: never is another mount taken away.
Result<void> detach(const Mount& mount);

// "61 0:52 1234", and back; no value for anything else.
std::string to_string(const MountIdentity& identity);
std::optional<MountIdentity> parse_mount_identity(std::string_view text);

}  // namespace famfs
