// Advisory locks on a pool, among the processes of this host. They die with their holder.
#pragma once

#include "liblog/device/memory.h"
#include "omf/error.h"

#include <optional>
#include <string>

namespace famfs::device {

enum class LockKind {
    writer,   // exclusive: who appends to the log, or formats
    mounted,  // shared by the daemons that serve the pool; exclusive for mkfs
};

enum class Held { free, shared, exclusive };

// Holds a lock until destroyed. The Memory must outlive it.
class Lock {
  public:
    // Takes the lock if it is free now; no value if somebody holds it.
    static Result<std::optional<Lock>> try_acquire(const Memory& memory, LockKind kind, bool shared);
    // How others hold it now.
    static Result<Held> held(const Memory& memory, LockKind kind);
    // Waits for it; EINTR as for wait_for_lock().
    static Result<Lock> acquire(const Memory& memory, LockKind kind, bool shared);

    Lock(Lock&& other) noexcept;
    Lock& operator=(Lock&& other) noexcept;
    ~Lock();

  private:
    Lock(int descriptor, LockKind kind) : descriptor_(descriptor), kind_(kind) {}

    int descriptor_ = -1;
    LockKind kind_ = LockKind::writer;
};

}  // namespace famfs::device
