// A pool that is looked at by the name of its mount: whether it is still the one that is mounted.
#pragma once

#include "famfs-cli/mount/mounted_path.h"
#include "liblog/pool/pool.h"

#include <optional>
#include <string>
#include <string_view>

namespace famfs::cli {

// Why the mount's pool is not there any more, `found` being what its device holds now: a clause that names
// both file systems. "" if it is there, or if nobody can tell.
std::string why_gone(const MountedPool& mount, const Result<pool::Pool>& found);

// The line for it, with what to do.
std::string say_gone(const MountedPool& mount, std::string_view why);

// Opens a device for reading; refused, ESTALE, if it is another file or node than the mount's daemon has
// open.
Result<pool::Pool> open_served(const std::string& device, const std::optional<MountedPool>& mount);

// The same, of the pool that is mounted. Of a mount whose pool another host has formatted anew: kind refused,
// ESTALE; or wiped: what Pool::open() says, and that it is mounted.
Result<pool::Pool> open_pool(const std::string& device, const std::optional<MountedPool>& mount);

}  // namespace famfs::cli
