#include "famfs-fused/fuse/ops/support.h"

#include <cerrno>

namespace famfs::fused::ops {

void ioctl(fuse_req_t request, fuse_ino_t, unsigned, void*, fuse_file_info*, unsigned, const void*,
           std::size_t, std::size_t) {
    fuse_reply_err(request, ENOTTY);
}

}  // namespace famfs::fused::ops
