#include "famfs-fused/ops/support.h"

#include <fcntl.h>

#include <cerrno>

namespace famfs::fused::ops {

namespace {

// Set-id bits cannot be dropped when the file is written: they are the log's. So only root may write there.
bool keeps_set_id(const Node& node, uid_t caller) {
    return caller != 0 && (node.mode & (S_ISUID | S_ISGID)) != 0;
}

// Superblock and log are written by the verbs, which lock the pool and go past the mount. Only where the
// kernel has the device to itself may there be no other way.
bool may_be_written(const Server& server, const Node& node) {
    return server.data->maps() != nullptr || !is_metadata(node);
}

Outcome<Opened> admit(fuse_req_t request, fuse_ino_t id, int flags) {
    const Server& server = server_of(request);
    const auto node = file_of(request, id);
    if (!node) return std::unexpected(node.error());
    const bool writes = (flags & O_ACCMODE) != O_RDONLY;
    if (writes && server.settings.read_only) return std::unexpected(EROFS);
    if (writes && (*node)->all_hosts_read) return std::unexpected(EPERM);
    if (writes && !may_be_written(server, **node)) return std::unexpected(EPERM);
    if (writes && keeps_set_id(**node, fuse_req_ctx(request)->uid)) return std::unexpected(EPERM);
    if ((flags & O_TRUNC) != 0 && (*node)->size != 0) return std::unexpected(refusal(server));
    return server.data->open(**node);
}

// The kernel reads, writes and maps the backing file from here on.
void reply_with_backing(fuse_req_t request, fuse_file_info& file, std::int32_t backing_id) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
    file.backing_id = backing_id;
    fuse_reply_open(request, &file);
#else
    // What libfuse would send; it does not know of the number yet.
    constexpr std::uint32_t noflush = 1U << 5;
    constexpr std::uint32_t passthrough = 1U << 7;
    struct {
        std::uint64_t handle;
        std::uint32_t flags;
        std::int32_t backing_id;
    } const reply{file.fh, noflush | passthrough, backing_id};
    static_assert(sizeof reply == 16);
    fuse_reply_buf(request, reinterpret_cast<const char*>(&reply), sizeof reply);
#endif
}

}  // namespace

// Nothing is kept for an open file: a node is all there is to know. Without keep_cache the kernel drops the
// pages it had of the file, so what another host wrote before this open is seen.
void open(fuse_req_t request, fuse_ino_t id, fuse_file_info* file) {
    const auto admitted = admit(request, id, file->flags);
    if (!admitted) {
        fuse_reply_err(request, admitted.error());
        return;
    }
    const Server& server = server_of(request);
    file->noflush = 1;  // a write is done when it is answered: close() has nothing to add
    if (admitted->backing_id != 0) {
        reply_with_backing(request, *file, admitted->backing_id);
        return;
    }
    file->direct_io = server.settings.direct_io && server.data->maps() == nullptr ? 1 : 0;
    fuse_reply_open(request, file);
}

}  // namespace famfs::fused::ops
