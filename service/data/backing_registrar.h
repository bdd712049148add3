// Who lets a kernel read, write and map a file of ours in the place of one of the mount's.
#pragma once

#include "service/outcome.h"

#include <cstdint>

namespace famfs::service {

// Thread safe.
class BackingRegistrar {
  public:
    virtual ~BackingRegistrar() = default;
    BackingRegistrar() = default;
    BackingRegistrar(const BackingRegistrar&) = delete;
    BackingRegistrar& operator=(const BackingRegistrar&) = delete;

    // Registers the regular file `file`, which may be closed then; returns its number, never 0.
    virtual Outcome<std::int32_t> open(int file) = 0;

    // Takes the number back: no new open can carry it, those under way keep the file.
    virtual void close(std::int32_t id) = 0;
};

}  // namespace famfs::service
