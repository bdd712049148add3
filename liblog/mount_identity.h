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

// Whether both mean one mount, as far as both say: a unique id of 0 agrees with any.
bool agree(const MountIdentity& one, const MountIdentity& other);

// What lies at a path: nothing that serves the path is asked, so that a daemon that has stopped holds up
// nobody. A field is 0 that the kernel does not tell.
Result<MountIdentity> identity_at(const std::string& path);

// The identity of a mount of the table. Its unique id stays 0 where something covers it.
MountIdentity identify(const Mount& mount);

// The mount of the table with this identity; nullptr if it is gone.
const Mount* find_mount(const std::vector<Mount>& mounts, const MountIdentity& identity);

// Kind busy if something covers `mount`, which would go in its place if its mount point were unmounted. The
// message names it.
Result<void> check_uncovered(const std::vector<Mount>& mounts, const Mount& mount);

// What is mounted on a directory in `mount`, and would go with it; nullptr if nothing is.
const Mount* find_inner(const std::vector<Mount>& mounts, const Mount& mount);
// Kind busy if something is.
Result<void> check_empty(const std::vector<Mount>& mounts, const Mount& mount);

// Takes this mount out of the tree, with what is mounted in it (MNT_DETACH): who uses it goes on, nobody new
// can. For root. Fails if the path leads elsewhere.
Result<void> detach(const Mount& mount);

// The device number of the mount that a descriptor of /dev/fuse serves, by its file in some /proc/PID/fdinfo.
// Linux 6.16 and later tell.
std::optional<dev_t> fuse_connection(const std::string& fdinfo);

// "61 0:52 1234", and back; no value for anything else.
std::string to_string(const MountIdentity& identity);
std::optional<MountIdentity> parse_mount_identity(std::string_view text);

}  // namespace famfs
