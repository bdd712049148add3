#include "famfs-fused/fuse/ops/support.h"

namespace famfs::fused::ops {

// A name that is not there is answered with an error, which the kernel does not keep: a file that the log's
// replay adds is visible at the next look.
void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
    Server& server = server_of(request);
    const auto found = server.service().lookup(caller_of(request), parent, name);
    if (!found) {
        fuse_reply_err(request, found.error());
        return;
    }
    const fuse_entry_param entry = entry_of(server, *found);
    if (fuse_reply_entry(request, &entry) != 0) server.service().forget(found->node->id, 1);
}

}  // namespace famfs::fused::ops
