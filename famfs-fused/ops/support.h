// What the operations share: finding their server and nodes, and replying.
#pragma once

#include "famfs-fused/ops/ops.h"
#include "famfs-fused/server.h"

#include <cstdint>

namespace famfs::fused::ops {

Server& server_of(fuse_req_t request);

// The node that the kernel means; ESTALE if there is none.
Outcome<NodePtr> node_of(fuse_req_t request, fuse_ino_t id);
// The same for a file that can be read or written; EUCLEAN for one whose document is unusable, EIO once the
// pool is gone.
Outcome<NodePtr> file_of(fuse_req_t request, fuse_ino_t id);

// Its shadow directory, for the time of one request. ENOTDIR; ESTALE if that is
// gone or another one by now, EIO once the pool is gone.
Outcome<FileDescriptor> open_directory(Server& server, const Node& node);

// Takes lookups of a node back, in the catalogue and, with the last one, in the data path.
void forget_node(Server& server, std::uint64_t id, std::uint64_t count);

fuse_entry_param entry_of(const Server& server, const Resolved& resolved);

// EPERM, or EROFS on a mount that is only read.
int refusal(const Server& server);

}  // namespace famfs::fused::ops
