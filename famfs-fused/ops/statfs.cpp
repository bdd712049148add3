#include "famfs-fused/ops/support.h"

namespace famfs::fused::ops {

void statfs(fuse_req_t request, fuse_ino_t) {
    const struct statvfs statfs_cache = server_of(request).statfs_cache.current();
    fuse_reply_statfs(request, &statfs_cache);
}

}  // namespace famfs::fused::ops
