// Replays the log: every entry is copied, checked against the rules, and handed on if it keeps them.
#pragma once

#include "liblog/index/index.h"
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

// How far a log was taken in, and enough to tell that it is still the same log.
struct LogPosition {
    omf::Uuid file_system;
    std::uint64_t entries = 0;         // settled: the next one to look at
    std::uint64_t last_entry_crc = 0;  // as stored in entry `entries` - 1; 0 where there is none
};

struct ReplayHooks {
    // Called for each accepted entry, in log order. An error ends the replay and is returned.
    std::function<Result<void>(std::uint64_t index, const omf::Entry&)> accept;
    std::function<void(const Finding&)> report;
    bool salvage = false;  // go on after an entry whose crc or seqnum is wrong
};

struct ReplayResult {
    omf::LogHeader header;       // as it was when the replay began
    std::uint64_t replayed = 0;  // entries of the log that are settled, by this run or an earlier one
    std::uint64_t accepted = 0;  // by this run
    std::uint64_t findings = 0;  // of this run
};

// Takes a log into an index, now and again: each run goes on where the last one stopped. Not thread safe.
class Replayer {
  public:
    // `index` is empty; both must outlive this.
    Replayer(const Pool& pool, index::Index& index)
        : pool_(pool), index_(index), position_{.file_system = pool.superblock().file_system} {}

    // Settles what is new in the log. Errors are those of the memory, of the log header and of the accept
    // hook; entries that break rules go to the report hook. ESTALE if the log is not the one of the last run
    // any more: shorter, or with another last entry. After an error of the hook its entry is in the index all
    // the same.
    Result<ReplayResult> run(const ReplayHooks& hooks);
    // The same, with a header that the caller has read since.
    Result<ReplayResult> run(const ReplayHooks& hooks, const omf::LogHeader& header);

    const LogPosition& position() const { return position_; }

  private:
    Result<void> check_continues(const omf::LogHeader& header) const;

    const Pool& pool_;
    index::Index& index_;
    LogPosition position_;
};

// One run over the whole log.
Result<ReplayResult> replay(const Pool& pool, index::Index& index, const ReplayHooks& hooks);

}  // namespace famfs::pool
