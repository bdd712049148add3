#include "famfs-fused/fuse/ops/support.h"

#include "famfs-fused/fuse/server/connection.h"

namespace famfs::fused::ops {

Server& server_of(fuse_req_t request) {
    return static_cast<Connection*>(fuse_req_userdata(request))->server();
}

FileService& service_of(fuse_req_t request) {
    return server_of(request).service();
}

Caller caller_of(fuse_req_t request) {
    const fuse_ctx* const context = fuse_req_ctx(request);
    return {.uid = context->uid, .gid = context->gid};
}

fuse_entry_param entry_of(const Server& server, const Resolved& resolved) {
    fuse_entry_param entry{};
    entry.ino = resolved.node->id;
    entry.generation = server.generation_of(entry.ino);
    entry.attr = resolved.attributes;
    entry.attr_timeout = server.settings().attribute_timeout;
    entry.entry_timeout = server.settings().entry_timeout;
    return entry;
}

void reply(fuse_req_t request, const Outcome<void>& outcome) {
    fuse_reply_err(request, outcome ? 0 : outcome.error());
}

void reply_attributes(fuse_req_t request, const Outcome<struct stat>& attributes) {
    if (attributes) {
        fuse_reply_attr(request, &*attributes, server_of(request).settings().attribute_timeout);
    } else {
        fuse_reply_err(request, attributes.error());
    }
}

}  // namespace famfs::fused::ops
