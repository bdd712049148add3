#include "famfs-fused/ops/support.h"

namespace famfs::fused::ops {

// The directory is opened to see that it can be, and again by each request that reads it: whoever holds
// directories open holds no descriptor of ours.
void opendir(fuse_req_t request, fuse_ino_t id, fuse_file_info* file) {
    Server& server = server_of(request);
    const auto node = node_of(request, id);
    const auto directory = node ? open_directory(server, **node) : std::unexpected(node.error());
    if (!directory) {
        fuse_reply_err(request, directory.error());
        return;
    }
    file->fh = server.directories.open();
    fuse_reply_open(request, file);
}

void releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    server_of(request).directories.close(file->fh);
    fuse_reply_err(request, 0);
}

}  // namespace famfs::fused::ops
