#include "famfs-fused/ops/support.h"

#include <algorithm>
#include <cerrno>

namespace famfs::fused::ops {

void read(fuse_req_t request, fuse_ino_t id, std::size_t size, off_t offset, fuse_file_info*) {
    Server& server = server_of(request);
    const auto node = file_of(request, id);
    if (!node || offset < 0) {
        fuse_reply_err(request, node ? EINVAL : node.error());
        return;
    }
    const auto start = std::min(static_cast<std::uint64_t>(offset), (*node)->size);
    const auto length = std::min<std::uint64_t>({size, largest_request, (*node)->size - start});
    const auto buffer = server.buffers.take();
    const auto pieces = server.data->read(**node, start, length, *buffer);
    if (!pieces) {
        fuse_reply_err(request, pieces.error());
    } else {
        fuse_reply_iov(request, pieces->data(), static_cast<int>(pieces->size()));
    }
}

}  // namespace famfs::fused::ops
