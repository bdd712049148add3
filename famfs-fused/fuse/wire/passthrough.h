// FUSE passthrough: the kernel reads, writes and maps a backing file in the place of one of the mount's.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "famfs-fused/fuse/wire/extension.h"
#include "service/data/backing_registrar.h"

#include <atomic>

namespace famfs::fused {

// Needs CAP_SYS_ADMIN. All numbers end with their connection. Thread safe.
class Passthrough final : public Extension, public BackingRegistrar {
  public:
    InitAnswer answer_init(const InitOffer& offer) override;
    void connected(int connection) override { connection_ = connection; }
    Result<void> ready() const override;

    Outcome<std::int32_t> open(int file) override;
    void close(std::int32_t id) override;

  private:
    int connection_ = -1;  // set once, before the first request
    std::atomic<bool> offered_ = false;
};

}  // namespace famfs::fused
