// logplay: brings a shadow tree up to date with a pool's log.
#pragma once

#include "liblog/pool/pool.h"
#include "liblog/shadow/update.h"

#include <cstdint>
#include <string>
#include <vector>

namespace famfs::shadow {

struct LogplayOptions {
    Form form = Form::uuid;
    bool dry_run = false;  // check and count, write nothing
    UpdateHooks hooks;
};

struct LogplayResult {
    std::uint64_t entries = 0;   // in the log
    std::uint64_t replayed = 0;  // settled: less than `entries` if replay stopped at a bad one
    std::uint64_t written =
        0;  // documents and directories that changed in the tree; with dry_run, would be there
    std::uint64_t findings = 0;
    std::uint64_t skipped = 0;  // files that the form cannot say
    index::Totals totals;
    std::vector<omf::DaxDevice> devices{};  // of the pool, by index; 0 is the primary
};

// Replays `pool` into `directory`. When state.yaml shows that nothing is new, only the log header and one
// entry are read. Entries that break a rule go to the report hook; they do not make it fail. A tree that
// recorded a finding or a skipped file is replayed in full every time, so that each is named again.
Result<LogplayResult> logplay(const pool::Pool& pool, const std::string& directory,
                              const LogplayOptions& options);

}  // namespace famfs::shadow
