#include "liblog/device/lock.h"

#include "liblog/lock_wait.h"

#include <fcntl.h>

#include <utility>

namespace famfs::device {
namespace {

// Open file description locks on bytes that no pool has: they end with the descriptor, and a mount's and a
// writer's lock do not meet.
constexpr off_t first_lock_byte = off_t{1} << 62;

struct flock range_of(LockKind kind, short type) {
    struct flock range{};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_start = first_lock_byte + (kind == LockKind::writer ? 0 : 1);
    range.l_len = 1;
    return range;
}

std::unexpected<Error> lock_failed(const Memory& memory, int code) {
    return fail_errno(code, memory.description().path + ": lock");
}

}  // namespace

Result<std::optional<Lock>> Lock::try_acquire(const Memory& memory, LockKind kind, bool shared) {
    struct flock range = range_of(kind, shared ? F_RDLCK : F_WRLCK);
    if (::fcntl(memory.lock_descriptor(), F_OFD_SETLK, &range) == 0)
        return std::optional(Lock(memory.lock_descriptor(), kind));
    if (errno == EAGAIN || errno == EACCES) return std::nullopt;
    return lock_failed(memory, errno);
}

Result<Held> Lock::held(const Memory& memory, LockKind kind) {
    struct flock range = range_of(kind, F_WRLCK);
    if (::fcntl(memory.lock_descriptor(), F_OFD_GETLK, &range) != 0) return lock_failed(memory, errno);
    if (range.l_type == F_UNLCK) return Held::free;
    return range.l_type == F_RDLCK ? Held::shared : Held::exclusive;
}

Result<Lock> Lock::acquire(const Memory& memory, LockKind kind, bool shared) {
    std::optional<Lock> acquired;
    const auto try_lock = [&]() -> Result<bool> {
        auto tried = try_acquire(memory, kind, shared);
        if (!tried) return std::unexpected(tried.error());
        if (*tried) acquired.emplace(std::move(**tried));
        return acquired.has_value();
    };
    if (auto locked = wait_for_lock(try_lock, memory.description().path); !locked)
        return std::unexpected(locked.error());
    return std::move(*acquired);
}

Lock::Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), kind_(other.kind_) {}

Lock& Lock::operator=(Lock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(kind_, other.kind_);
    return *this;
}

Lock::~Lock() {
    if (descriptor_ < 0) return;
    struct flock range = range_of(kind_, F_UNLCK);
    ::fcntl(descriptor_, F_OFD_SETLK, &range);
}

}  // namespace famfs::device
