// A pool's memory to oneself, for who is about to erase it.
#pragma once

#include "liblog/device/lock.h"
#include "liblog/device/memory.h"
#include "omf/error.h"

namespace famfs::pool {

// While it lives, nobody on this host serves the memory, writes its log or formats it.
class SoleUse {
  public:
    // kind busy, saying which, if somebody does, or processes have files of the device in use. ESTALE (kind
    // busy) if the path names something else by now, or an image has another size. The memory must outlive
    // it.
    static Result<SoleUse> acquire(device::Memory& memory);

    device::Memory& memory() const { return *memory_; }

  private:
    SoleUse(device::Memory& memory, device::Lock mounted, device::Lock writer)
        : memory_(&memory), mounted_(std::move(mounted)), writer_(std::move(writer)) {}

    device::Memory* memory_;
    device::Lock mounted_;
    device::Lock writer_;
};

}  // namespace famfs::pool
