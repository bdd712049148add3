#include "famfs-fused/ops/support.h"

#include <cerrno>

namespace famfs::fused::ops {

void opendir(fuse_req_t request, fuse_ino_t id, fuse_file_info* file) {
    Server& server = server_of(request);
    const auto node = node_of(request, id);
    if (!node || (*node)->kind != NodeKind::directory) {
        fuse_reply_err(request, node ? ENOTDIR : node.error());
        return;
    }
    auto descriptor = server.shadow.open_directory(path_of(**node));
    if (!descriptor) {
        const int code = server.log.fault(path_of(**node), "shadow directory", descriptor.error());
        fuse_reply_err(request, code == ENOENT ? ESTALE : code);
        return;
    }
    file->fh = server.directories.insert(std::make_shared<DirectoryStream>(std::move(*descriptor)));
    if (fuse_reply_open(request, file) != 0) server.directories.erase(file->fh);
}

void releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    server_of(request).directories.erase(file->fh);
    fuse_reply_err(request, 0);
}

}  // namespace famfs::fused::ops
