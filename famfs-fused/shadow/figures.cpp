#include "famfs-fused/shadow/figures.h"

#include "liblog/shadow/state.h"
#include "omf/constants.h"

namespace famfs::fused {

namespace {

constexpr std::uint64_t block = 4096;
constexpr std::size_t largest_state = 64 * 1024;  // bytes
constexpr const char* state_name = "state.yaml";

std::uint64_t remainder_of(std::uint64_t whole, std::uint64_t part) {
    return whole > part ? whole - part : 0;
}

void fill(struct statvfs& figures, const famfs::shadow::State& state) {
    figures.f_blocks = state.device_bytes / block;
    figures.f_bfree = remainder_of(state.device_bytes, state.totals.allocated_bytes) / block;
    figures.f_bavail = figures.f_bfree;
    figures.f_files = state.log_capacity;
    figures.f_ffree = remainder_of(state.log_capacity, state.entries);
    figures.f_favail = figures.f_ffree;
}

}  // namespace

Figures::Figures(const ShadowRoot& shadow, Log& log, std::uint64_t device_bytes)
    : shadow_(shadow), log_(log) {
    figures_.f_bsize = block;
    figures_.f_frsize = block;
    figures_.f_namemax = omf::longest_path;
    figures_.f_blocks = device_bytes / block;
}

void Figures::refresh(const Identity& identity) {
    const auto document = shadow_.read_beside(state_name, largest_state);
    if (!document) {
        log_.fault(state_name, "read", document.error());
        return;
    }
    const auto state = famfs::shadow::read_state(document->text);
    if (state) {
        fill(figures_, *state);
    } else {
        log_.about_file(state_name, state.error().message);
    }
    read_from_ = identity;  // last: what failed is tried again
}

struct statvfs Figures::current() {
    const auto sighting = shadow_.look_beside(state_name);
    const std::lock_guard guard(mutex_);
    if (sighting) {
        const Identity identity = identity_of(sighting->status);
        if (identity != read_from_) refresh(identity);
    }
    return figures_;
}

}  // namespace famfs::fused
