#include "famfs-fused/ops/support.h"

namespace famfs::fused::ops {

namespace {

// What is there is there for good: size, mode and owner. The one change there is is none: truncate() to the
// size that the file has, with the times that come along, chmod() to its mode.
bool changes_nothing(const Node& node, const struct stat& wanted, int which) {
    constexpr std::uint32_t permission_bits = 07777;
    constexpr int known = FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID;
    constexpr int times = FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME;
    if ((which & times) != 0 && (which & FUSE_SET_ATTR_SIZE) == 0) return false;
    if ((which & known) == 0) return true;
    if (node.kind != NodeKind::file) return false;
    if ((which & FUSE_SET_ATTR_SIZE) != 0 && static_cast<std::uint64_t>(wanted.st_size) != node.size)
        return false;
    if ((which & FUSE_SET_ATTR_MODE) != 0 && (wanted.st_mode & permission_bits) != node.mode) return false;
    if ((which & FUSE_SET_ATTR_UID) != 0 && wanted.st_uid != node.uid) return false;
    return (which & FUSE_SET_ATTR_GID) == 0 || wanted.st_gid == node.gid;
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
