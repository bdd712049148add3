#include "famfs-fused/ops/support.h"

#include <span>

namespace famfs::fused::ops {

void forget(fuse_req_t request, fuse_ino_t node, std::uint64_t count) {
    server_of(request).catalogue.forget(node, count);
    fuse_reply_none(request);
}

void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
    Catalogue& catalogue = server_of(request).catalogue;
    for (const fuse_forget_data& one : std::span(forgets, count))
        catalogue.forget(one.ino, one.nlookup);
    fuse_reply_none(request);
}

}  // namespace famfs::fused::ops
