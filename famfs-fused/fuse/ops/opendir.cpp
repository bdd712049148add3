#include "famfs-fused/fuse/ops/support.h"

namespace famfs::fused::ops {

void opendir(fuse_req_t request, fuse_ino_t node, fuse_file_info* file) {
    const auto handle = service_of(request).open_directory(caller_of(request), node);
    if (!handle) {
        fuse_reply_err(request, handle.error());
        return;
    }
    file->fh = *handle;
    fuse_reply_open(request, file);
}

void releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    service_of(request).close_directory(file->fh);
    fuse_reply_err(request, 0);
}

}  // namespace famfs::fused::ops
