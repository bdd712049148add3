#include "famfs-fused/ops/support.h"

#include <cerrno>

namespace famfs::fused::ops {

// A name that is not there is answered with an error, which the kernel does not keep: a file that the log's
// replay adds is visible at the next look.
void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
    Server& server = server_of(request);
    const auto directory = node_of(request, parent);
    if (!directory) {
        fuse_reply_err(request, directory.error());
        return;
    }
    if (server.pool.gone()) {
        fuse_reply_err(request, EIO);
        return;
    }
    const auto resolved = server.resolver.resolve(*directory, name);
    if (!resolved) {
        fuse_reply_err(request, resolved.error());
        return;
    }
    const fuse_entry_param entry = entry_of(server, *resolved);
    if (fuse_reply_entry(request, &entry) != 0) forget_node(server, resolved->node->id, 1);
}

}  // namespace famfs::fused::ops
