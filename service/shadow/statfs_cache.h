// What statfs says of the pool, as DIR/state.yaml tells it.
#pragma once

#include "service/log.h"
#include "service/shadow/identity.h"
#include "service/shadow/root.h"

#include <sys/statvfs.h>

#include <cstdint>
#include <mutex>

namespace famfs::service {

// Thread safe. `shadow` and `log` must outlive it.
class StatfsCache {
  public:
    // `device_bytes` is the pool's size where no state.yaml tells it.
    StatfsCache(const ShadowRoot& shadow, Log& log, std::uint64_t device_bytes);

    // Reads state.yaml again only if it changed.
    struct statvfs current();

  private:
    void refresh(const Identity& identity);

    const ShadowRoot& shadow_;
    Log& log_;
    std::mutex mutex_;
    Identity read_from_;
    struct statvfs statvfs_{};
};

}  // namespace famfs::service
