#include "service/shadow/statfs_cache.h"

#include "liblog/shadow/state.h"
#include "omf/constants.h"

namespace famfs::service {

namespace {

constexpr std::uint64_t block = 4096;
constexpr std::size_t max_state = 64 * 1024;  // bytes
constexpr const char* state_name = "state.yaml";

std::uint64_t remainder_of(std::uint64_t whole, std::uint64_t part) {
    return whole > part ? whole - part : 0;
}

void fill(struct statvfs& out, const famfs::shadow::State& state) {
    out.f_blocks = state.device_bytes / block;
    out.f_bfree = remainder_of(state.device_bytes, state.totals.allocated_bytes) / block;
    out.f_bavail = out.f_bfree;
    out.f_files = state.log_capacity;
    out.f_ffree = remainder_of(state.log_capacity, state.entries);
    out.f_favail = out.f_ffree;
}

}  // namespace

StatfsCache::StatfsCache(const ShadowRoot& shadow, Log& log, std::uint64_t device_bytes)
    : shadow_(shadow), log_(log) {
    statvfs_.f_bsize = block;
    statvfs_.f_frsize = block;
    statvfs_.f_namemax = omf::max_path;
    statvfs_.f_blocks = device_bytes / block;
}

void StatfsCache::refresh(const Identity& identity) {
    const auto document = shadow_.read_beside(state_name, max_state);
    if (!document) {
        log_.fault(state_name, "read", document.error());
        return;
    }
    const auto state = famfs::shadow::read_state(document->text);
    if (state) {
        fill(statvfs_, *state);
    } else {
        log_.about_file(state_name, state.error().message);
    }
    read_from_ = identity;  // last: what failed is tried again
}

struct statvfs StatfsCache::current() {
    const auto sighting = shadow_.look_beside(state_name);
    const std::lock_guard guard(mutex_);
    if (sighting) {
        const Identity identity = identity_of(sighting->status);
        if (identity != read_from_) refresh(identity);
    }
    return statvfs_;
}

}  // namespace famfs::service
