// What mkdir, creat and cp share: opening the pool of a mount for writing, and telling one path's trouble
// from the pool's.
#pragma once

#include "famfs-cli/mount/mounted_path.h"
#include "famfs-cli/ui/console.h"
#include "famfs-cli/ui/findings.h"
#include "liblog/shadow/pool_writer.h"

#include <memory>
#include <string>

namespace famfs::cli {

// Takes the pool's writer lock. Entries that break a rule are named through `reporter`.
Result<std::unique_ptr<shadow::PoolWriter>> open_writer(Console& console, const MountedPool& pool,
                                                        FindingReporter& reporter);

// The trouble is this path's alone (its name, its parent, already there): others may still succeed.
bool concerns_one_path(const Error& error);

// "mkdir: /mnt/a: reason". A reason that starts with the path in the pool, `in_pool`, does not say it again.
std::string path_message(std::string_view verb, const std::string& path, std::string_view reason,
                         const std::string& in_pool = "");

}  // namespace famfs::cli
