#include "famfs-fused/ops/support.h"

#include <unistd.h>

#include <cerrno>

namespace famfs::fused::ops {

namespace {

// A file is data from its first byte to its last.
Outcome<off_t> target(const Node& node, off_t offset, int whence) {
    if (whence != SEEK_DATA && whence != SEEK_HOLE) return std::unexpected(EINVAL);
    if (offset < 0 || static_cast<std::uint64_t>(offset) >= node.size) return std::unexpected(ENXIO);
    return whence == SEEK_DATA ? offset : static_cast<off_t>(node.size);
}

}  // namespace

void lseek(fuse_req_t request, fuse_ino_t id, off_t offset, int whence, fuse_file_info*) {
    const auto node = file_of(request, id);
    const auto found = node ? target(**node, offset, whence) : Outcome<off_t>(std::unexpected(node.error()));
    if (found) {
        fuse_reply_lseek(request, *found);
    } else {
        fuse_reply_err(request, found.error());
    }
}

}  // namespace famfs::fused::ops
