#include "famfs-fused/ops/support.h"

namespace famfs::fused::ops {

void getattr(fuse_req_t request, fuse_ino_t id, fuse_file_info*) {
    const Server& server = server_of(request);
    const auto node = node_of(request, id);
    if (!node) {
        fuse_reply_err(request, node.error());
        return;
    }
    const auto attributes = server.resolver.attributes(**node);
    if (attributes) {
        fuse_reply_attr(request, &*attributes, server.settings.attribute_timeout);
    } else {
        fuse_reply_err(request, attributes.error());
    }
}

}  // namespace famfs::fused::ops
