#include "famfs-fused/fuse/ops/support.h"

#include <cerrno>

namespace famfs::fused::ops {

// A file's room is taken when it is made; there is none to add and none to give back.
void fallocate(fuse_req_t request, fuse_ino_t, int, off_t, off_t, fuse_file_info*) {
    fuse_reply_err(request, EOPNOTSUPP);
}

}  // namespace famfs::fused::ops
