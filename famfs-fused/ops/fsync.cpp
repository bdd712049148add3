#include "famfs-fused/ops/support.h"

namespace famfs::fused::ops {

void fsync(fuse_req_t request, fuse_ino_t id, int, fuse_file_info*) {
    const auto node = file_of(request, id);
    if (!node) {
        fuse_reply_err(request, node.error());
        return;
    }
    const auto synced = server_of(request).data->sync(**node);
    fuse_reply_err(request, synced ? 0 : synced.error());
}

// A directory changes by its log entry, which is on the memory before it is seen.
void fsyncdir(fuse_req_t request, fuse_ino_t, int, fuse_file_info*) {
    fuse_reply_err(request, 0);
}

}  // namespace famfs::fused::ops
