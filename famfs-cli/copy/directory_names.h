// What is in a directory.
#pragma once

#include "famfs-cli/mount/mounted_path.h"
#include "omf/error.h"

#include <optional>
#include <string>
#include <vector>

namespace famfs::cli {

// The names in an open directory, sorted, so that the same tree always makes the same log. `place` is where
// it lies: the root of a famfs mount has no .meta for who copies or compares it. The message of an error is
// the reason alone.
Result<std::vector<std::string>> names_in(int directory, const std::optional<FamfsPlace>& place);

}  // namespace famfs::cli
