#include "famfs-fused/fuse/ops/support.h"

namespace famfs::fused::ops {

void getattr(fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
    reply_attributes(request, service_of(request).attributes(node));
}

}  // namespace famfs::fused::ops
