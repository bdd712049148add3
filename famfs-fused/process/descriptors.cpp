#include "famfs-fused/process/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace famfs::fused {

namespace {

// Standard streams, connection, shadow tree, log, signals, events, devices and their locks.
constexpr std::uint64_t always_open = 32;

// A pipe for spliced replies, a shadow directory, a document, and one to spare.
constexpr std::uint64_t per_thread = 5;

constexpr std::uint64_t min_threads = 2;

}  // namespace

std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return always_open;
    rlimit raised = limit;
    raised.rlim_cur = raised.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

unsigned max_threads(std::uint64_t descriptor_limit, unsigned wanted) {
    const std::uint64_t room =
        descriptor_limit > always_open ? (descriptor_limit - always_open) / per_thread : 0;
    return static_cast<unsigned>(std::min<std::uint64_t>(wanted, std::max(room, min_threads)));
}

}  // namespace famfs::fused
