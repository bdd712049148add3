#include "liblog/pool/sole_use.h"

#include <utility>

namespace famfs::pool {
namespace {

using device::Held;
using device::Lock;
using device::LockKind;

// Only the daemons' lock is shared: an exclusive one on `mounted` is another mkfs.
std::string holder(LockKind kind, Held held) {
    if (kind == LockKind::writer) return " is being written by another process";
    if (held == Held::shared) return " is mounted; famfs umount it first";
    return " is being formatted by another mkfs";
}

Result<Lock> take(const device::Memory& memory, LockKind kind) {
    while (true) {
        auto lock = Lock::try_acquire(memory, kind, false);
        if (!lock) return std::unexpected(lock.error());
        if (*lock) return std::move(**lock);
        const auto held = Lock::held(memory, kind);
        if (!held) return std::unexpected(held.error());
        if (*held != Held::free)  // else it was let go of meanwhile
            return fail(ErrorKind::busy, EBUSY, memory.description().path + holder(kind, *held));
    }
}

}  // namespace

Result<SoleUse> SoleUse::acquire(device::Memory& memory) {
    auto mounted = take(memory, LockKind::mounted);
    if (!mounted) return std::unexpected(mounted.error());
    auto writer = take(memory, LockKind::writer);
    if (!writer) return std::unexpected(writer.error());
    if (auto same = device::check_named(memory); !same) return std::unexpected(same.error());
    if (auto unused = memory.check_unused(); !unused) return std::unexpected(unused.error());
    return SoleUse(memory, std::move(*mounted), std::move(*writer));
}

}  // namespace famfs::pool
