// fsck: looks at everything, changes nothing.
#pragma once

#include "liblog/pool/replay.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace famfs::pool {

struct CheckResult {
    ReplayResult replay;
    index::Totals totals;
    std::vector<std::string> warnings;  // about superblock and header: one line each
    bool clean() const { return replay.findings == 0 && warnings.empty(); }
};

// Goes through the whole log, past entries with a wrong crc too; each breach goes to `report`. An error means
// that the log itself cannot be read (kind corrupt) or the memory failed.
Result<CheckResult> check(const Pool& pool, const std::function<void(const Finding&)>& report);

}  // namespace famfs::pool
