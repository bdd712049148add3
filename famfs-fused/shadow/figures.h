// The pool's figures for statfs, as DIR/state.yaml tells them.
#pragma once

#include "famfs-fused/catalogue/node.h"
#include "famfs-fused/log.h"
#include "famfs-fused/shadow/root.h"

#include <sys/statvfs.h>

#include <cstdint>
#include <mutex>

namespace famfs::fused {

// Thread safe. `shadow` and `log` must outlive it.
class Figures {
  public:
    // `device_bytes` is the pool's size where no state.yaml tells it.
    Figures(const ShadowRoot& shadow, Log& log, std::uint64_t device_bytes);

    // Reads state.yaml again only if it changed.
    struct statvfs current();

  private:
    void refresh(const Identity& identity);

    const ShadowRoot& shadow_;
    Log& log_;
    std::mutex mutex_;
    Identity read_from_;
    struct statvfs figures_{};
};

}  // namespace famfs::fused
