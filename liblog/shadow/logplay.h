// logplay: brings a shadow tree up to date with a pool's log.
#pragma once

#include "liblog/pool/replay.h"
#include "liblog/shadow/tree.h"

#include <cstdint>
#include <functional>
#include <string>

namespace famfs::shadow {

struct LogplayOptions {
    Form form = Form::uuid;
    bool dry_run = false;  // check and count, write nothing
    bool salvage = false;
};

struct LogplayResult {
    std::uint64_t entries = 0;   // in the log
    std::uint64_t replayed = 0;  // settled: less than `entries` if replay stopped at a bad one
    std::uint64_t written = 0;   // documents and directories new in the tree
    std::uint64_t findings = 0;
    pool::Totals totals;
};

// Replays `pool` into `directory`. When state.yaml shows that nothing is new, only the log header and one
// entry are read. Entries that break a rule go to `report`; they do not make it fail. A file that the form
// cannot say is reported through `skipped` with the reason.
Result<LogplayResult> logplay(const pool::Pool& pool, const std::string& directory,
                              const LogplayOptions& options,
                              const std::function<void(const pool::Finding&)>& report,
                              const std::function<void(const std::string&)>& skipped);

}  // namespace famfs::shadow
