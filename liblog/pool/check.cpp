#include "liblog/pool/check.h"

#include <fmt/format.h>

namespace famfs::pool {
namespace {

std::vector<std::string> warnings_about(const Pool& pool, const omf::LogHeader& header) {
    std::vector<std::string> warnings;
    const std::uint64_t recorded = pool.superblock().device_size;
    const std::uint64_t real = pool.memory().size();
    if (recorded > real)
        warnings.push_back(fmt::format("the device had {} bytes at mkfs and has {} now", recorded, real));
    if (header.next_seqnum != header.next_index)
        warnings.push_back(fmt::format("next sequence number {} differs from next index {}",
                                       header.next_seqnum, header.next_index));
    return warnings;
}

}  // namespace

Result<CheckResult> check(const Pool& pool, const std::function<void(const Finding&)>& report) {
    index::Index index(pool.superblock(), pool.memory().size());
    ReplayHooks hooks;
    hooks.report = report;
    hooks.salvage = true;
    auto replayed = replay(pool, index, hooks);
    if (!replayed) return std::unexpected(replayed.error());
    return CheckResult{*replayed, index.totals(), warnings_about(pool, replayed->header)};
}

}  // namespace famfs::pool
