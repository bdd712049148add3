// Walks a range of a file, one contiguous run of one device at a time.
#pragma once

#include "omf/layout.h"
#include "service/outcome.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace famfs::service {

// Calls `visit(run, done)` for each run of [offset, offset + length) in order, where `done` is how many bytes
// lie before the run; a visit that returns an error ends the walk. EIO if the layout ends before the range
// does.
template <typename Visit>
Outcome<void> for_each_run(const omf::LayoutView& layout, std::uint64_t offset, std::uint64_t length,
                           const Visit& visit) {
    for (std::uint64_t done = 0; done < length;) {
        omf::Extent run = layout.run_at(offset + done);
        if (run.length == 0) return std::unexpected(EIO);
        run.length = std::min(run.length, length - done);
        if (Outcome<void> visited = visit(run, done); !visited) return visited;
        done += run.length;
    }
    return {};
}

}  // namespace famfs::service
