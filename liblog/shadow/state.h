// DIR/state.yaml: how far the log is replayed into a shadow tree, and the pool's figures at that moment.
#pragma once

#include "liblog/index/index.h"
#include "liblog/shadow/document.h"
#include "omf/error.h"
#include "omf/uuid.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace famfs::shadow {

// More entries than any log has: no log continues from there.
inline constexpr std::uint64_t unfinished_entries = std::numeric_limits<std::uint64_t>::max();

struct State {
    omf::Uuid file_system;
    omf::Uuid
        boot;  // of the kernel that wrote the tree: a later boot replays everything, as files may be lost
    Form form = Form::uuid;
    std::uint64_t entries = 0;         // replayed
    std::uint64_t last_entry_crc = 0;  // of entry entries - 1
    std::uint64_t findings = 0;
    std::uint64_t log_capacity = 0;  // entries
    index::Totals totals;
    std::uint64_t device_bytes = 0;  // size of device 0

    // Of a tree that is being made: only whose it is counts.
    bool unfinished() const { return entries == unfinished_entries; }
};

std::string write_state(const State& state);
Result<State> read_state(std::string_view text);  // untrusted

// The running kernel's boot id.
omf::Uuid current_boot();

}  // namespace famfs::shadow
