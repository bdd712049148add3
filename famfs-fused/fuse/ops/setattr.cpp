#include "famfs-fused/fuse/ops/support.h"

#include <optional>

namespace famfs::fused::ops {

namespace {

template <typename T>
std::optional<T> chosen(int which, int flag, T value) {
    return (which & flag) != 0 ? std::optional(value) : std::nullopt;
}

Changes changes_of(const struct stat& wanted, int which) {
    return {.size = chosen(which, FUSE_SET_ATTR_SIZE, static_cast<std::uint64_t>(wanted.st_size)),
            .mode = chosen(which, FUSE_SET_ATTR_MODE, wanted.st_mode),
            .uid = chosen(which, FUSE_SET_ATTR_UID, wanted.st_uid),
            .gid = chosen(which, FUSE_SET_ATTR_GID, wanted.st_gid),
            .times = (which & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME)) != 0};
}

}  // namespace

void setattr(fuse_req_t request, fuse_ino_t node, struct stat* wanted, int which, fuse_file_info*) {
    reply_attributes(request, service_of(request).change_attributes(node, changes_of(*wanted, which)));
}

}  // namespace famfs::fused::ops
