// One replay that fills a index and brings a shadow tree up to date: what logplay and the writing verbs
// share.
#pragma once

#include "liblog/pool/replay.h"
#include "liblog/shadow/tree.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace famfs::shadow {

struct UpdateHooks {
    std::function<void(const pool::Finding&)> report;
    // A file that the tree's form cannot say, with the reason.
    std::function<void(const std::string&)> skipped;
    bool salvage = false;
};

struct UpdateResult {
    pool::ReplayResult replay;
    std::uint64_t written = 0;  // documents and directories that changed
    std::uint64_t skipped = 0;
};

// devices.yaml of a pool whose log names no further device.
DeviceTable first_device(const pool::Pool& pool);

// Whether the log is the one that `state` was written from, possibly with more entries by now.
Result<bool> continues(const pool::Pool& pool, const State& state, Form form, const omf::LogHeader& header);

// Replays the whole log into `index`, and what is new since the tree's `state` into the tree. Does not write
// the state: see finish(). `header` and `state` were read under the tree's lock: an older header would count
// fewer entries than the state of a writer that was waited for.
Result<UpdateResult> update(const pool::Pool& pool, const omf::LogHeader& header, Tree& tree, Form form,
                            const std::optional<State>& state, index::Index& index, const UpdateHooks& hooks);

// Writes the tree's state and side files after `entries` entries.
Result<void> finish(const pool::Pool& pool, Tree& tree, Form form, const index::Index& index,
                    std::uint64_t entries, std::uint64_t findings);

}  // namespace famfs::shadow
