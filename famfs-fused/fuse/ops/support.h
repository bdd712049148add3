// What the operations share: finding the service, and replying.
#pragma once

#include "famfs-fused/fuse/ops/ops.h"
#include "famfs-fused/fuse/server/server.h"

namespace famfs::fused::ops {

Server& server_of(fuse_req_t request);
FileService& service_of(fuse_req_t request);

// Without supplementary groups: the kernel checks permissions before it asks.
Caller caller_of(fuse_req_t request);

fuse_entry_param entry_of(const Server& server, const Resolved& resolved);

// An error, or "done".
void reply(fuse_req_t request, const Outcome<void>& outcome);
void reply_attributes(fuse_req_t request, const Outcome<struct stat>& attributes);

}  // namespace famfs::fused::ops
