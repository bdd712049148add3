#include "famfs-fused/fuse/ops/support.h"

namespace famfs::fused::ops {

namespace {

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
void open(fuse_req_t request, fuse_ino_t node, fuse_file_info* file) {
    const Server& server = server_of(request);
    const auto opened = server.service().open(caller_of(request), node, file->flags);
    if (!opened) {
        fuse_reply_err(request, opened.error());
        return;
    }
    file->noflush = 1;  // a write is done when it is answered: close() has nothing to add
    if (opened->backing_id != 0) {
        reply_with_backing(request, *file, opened->backing_id);
        return;
    }
    file->direct_io = server.settings().direct_io && !server.service().data().kernel_has_devices() ? 1 : 0;
    fuse_reply_open(request, file);
}

}  // namespace famfs::fused::ops
