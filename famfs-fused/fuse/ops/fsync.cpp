#include "famfs-fused/fuse/ops/support.h"

namespace famfs::fused::ops {

void fsync(fuse_req_t request, fuse_ino_t node, int, fuse_file_info*) {
    FileService& service = service_of(request);
    const auto file = service.vouched(node);
    reply(request, file ? service.sync(*file) : std::unexpected(file.error()));
}

// A directory changes by its log entry, which is on the memory before it is seen.
void fsyncdir(fuse_req_t request, fuse_ino_t, int, fuse_file_info*) {
    fuse_reply_err(request, 0);
}

}  // namespace famfs::fused::ops
