// Who asks.
#pragma once

#include <sys/types.h>

#include <span>

namespace famfs::service {

struct Caller {
    uid_t uid = 0;
    gid_t gid = 0;
    std::span<const gid_t> groups{};  // supplementary; what it refers to must outlive the call
};

}  // namespace famfs::service
