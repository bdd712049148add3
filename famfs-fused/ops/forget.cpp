#include "famfs-fused/ops/support.h"

#include <span>

namespace famfs::fused::ops {

void forget(fuse_req_t request, fuse_ino_t node, std::uint64_t count) {
    forget_node(server_of(request), node, count);
    fuse_reply_none(request);
}

void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
    Server& server = server_of(request);
    for (const fuse_forget_data& one : std::span(forgets, count))
        forget_node(server, one.ino, one.nlookup);
    fuse_reply_none(request);
}

}  // namespace famfs::fused::ops
