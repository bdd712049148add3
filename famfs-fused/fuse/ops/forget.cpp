#include "famfs-fused/fuse/ops/support.h"

#include <span>

namespace famfs::fused::ops {

void forget(fuse_req_t request, fuse_ino_t node, std::uint64_t count) {
    service_of(request).forget(node, count);
    fuse_reply_none(request);
}

void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
    for (const fuse_forget_data& one : std::span(forgets, count))
        service_of(request).forget(one.ino, one.nlookup);
    fuse_reply_none(request);
}

}  // namespace famfs::fused::ops
