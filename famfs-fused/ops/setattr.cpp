#include "famfs-fused/ops/support.h"

namespace famfs::fused::ops {

namespace {

constexpr int owner_and_mode = FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID;

// A file keeps its size for good, so the one change there is is none: truncate() to the size it has, with the
// times that come along.
bool changes_nothing(const Node& node, const struct stat& wanted, int which) {
    return (which & FUSE_SET_ATTR_SIZE) != 0 && (which & owner_and_mode) == 0 &&
           node.kind == NodeKind::file && static_cast<std::uint64_t>(wanted.st_size) == node.size;
}

}  // namespace

void setattr(fuse_req_t request, fuse_ino_t id, struct stat* wanted, int which, fuse_file_info* file) {
    const Server& server = server_of(request);
    const auto node = node_of(request, id);
    if (!node) {
        fuse_reply_err(request, node.error());
    } else if (server.settings.read_only || !changes_nothing(**node, *wanted, which)) {
        fuse_reply_err(request, refusal(server));
    } else {
        getattr(request, id, file);
    }
}

}  // namespace famfs::fused::ops
