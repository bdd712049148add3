#include "famfs-fused/ops/support.h"

namespace famfs::fused::ops {

void statfs(fuse_req_t request, fuse_ino_t) {
    const struct statvfs figures = server_of(request).figures.current();
    fuse_reply_statfs(request, &figures);
}

}  // namespace famfs::fused::ops
