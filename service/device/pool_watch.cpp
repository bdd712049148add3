#include "service/device/pool_watch.h"

#include "omf/path.h"
#include "omf/superblock.h"

#include <fmt/format.h>

namespace famfs::service {

namespace {

// What the bytes are instead of this file system's superblock; "" if that is what they are.
std::string what_replaced(const omf::SuperblockBytes& bytes, const omf::Uuid& file_system) {
    const auto superblock = omf::decode_superblock(bytes);
    if (!superblock) return omf::describe(superblock.error());
    if (superblock->file_system == file_system) return {};
    return "file system " + omf::to_string(superblock->file_system);
}

}  // namespace

bool PoolWatch::is_due() {
    const auto now = Clock::now().time_since_epoch();
    auto looked = looked_.load();
    if (looked != 0 && now - Clock::duration(looked) <= interval) return false;
    return looked_.compare_exchange_strong(looked, now.count());
}

void PoolWatch::look() {
    for (const auto& memory : memories_)
        if (memory) look(*memory);
}

void PoolWatch::look(device::Memory& memory) {
    omf::SuperblockBytes bytes{};
    if (!memory.read(0, bytes)) return;
    const std::string found = what_replaced(bytes, file_system_);
    if (found.empty()) return;
    const std::lock_guard guard(mutex_);
    if (gone_) return;
    why_ = fmt::format("{}: the pool is gone: file system {} was mounted, now there is: {}",
                       omf::printable(memory.description().path), omf::to_string(file_system_), found);
    gone_ = true;
    log_.error("{}; its files are I/O errors until it is unmounted", why_);
}

bool PoolWatch::gone() {
    if (may_look() && is_due()) look();
    return gone_;
}

std::string PoolWatch::why() {
    if (may_look()) look();
    const std::lock_guard guard(mutex_);
    return why_;
}

}  // namespace famfs::service
