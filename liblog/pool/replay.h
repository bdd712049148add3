// Replays the log: every entry is copied, checked against the rules, and handed on if it keeps them.
#pragma once

#include "liblog/pool/catalogue.h"
#include "liblog/pool/pool.h"
#include "omf/entry.h"
#include "omf/error.h"
#include "omf/violation.h"

#include <cstdint>
#include <functional>
#include <string>

namespace famfs::pool {

// An entry that breaks a rule.
struct Finding {
    std::uint64_t index = 0;  // of the entry
    omf::Violation violation;
    std::string path;  // as the entry claims it, raw bytes; "" if it has none
};

// "entry 7 (dir/file): path is taken by an earlier entry", escaped for a terminal.
std::string describe(const Finding& finding);

struct ReplayHooks {
    // Called for each accepted entry, in log order. An error ends the replay and is returned.
    std::function<Result<void>(std::uint64_t index, const omf::Entry&)> accept;
    std::function<void(const Finding&)> report;
    bool salvage = false;  // go on after an entry whose crc or seqnum is wrong
};

struct ReplayResult {
    omf::LogHeader header;       // as it was when the replay began
    std::uint64_t replayed = 0;  // entries looked at and settled: where a later replay goes on
    std::uint64_t accepted = 0;
    std::uint64_t findings = 0;
};

// Replays the whole log into `catalogue`, which should be empty. Errors are those of the memory, of the log
// header and of the accept hook; entries that break rules go to the report hook.
Result<ReplayResult> replay(const Pool& pool, Catalogue& catalogue, const ReplayHooks& hooks);

}  // namespace famfs::pool
