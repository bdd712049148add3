#include "famfs-fused/fuse/ops/support.h"

namespace famfs::fused::ops {

void statfs(fuse_req_t request, fuse_ino_t) {
    const struct statvfs figures = service_of(request).statfs();
    fuse_reply_statfs(request, &figures);
}

}  // namespace famfs::fused::ops
