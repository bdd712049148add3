#include "famfs-fused/ops/support.h"

#include "famfs-fused/session/session.h"

#include <cerrno>

namespace famfs::fused::ops {

Server& server_of(fuse_req_t request) {
    return static_cast<Session*>(fuse_req_userdata(request))->server();
}

Outcome<NodePtr> node_of(fuse_req_t request, fuse_ino_t id) {
    NodePtr node = server_of(request).catalogue.find(id);
    if (!node) return std::unexpected(ESTALE);
    return node;
}

Outcome<NodePtr> file_of(fuse_req_t request, fuse_ino_t id) {
    auto node = node_of(request, id);
    if (!node) return node;
    if (server_of(request).pool.gone()) return std::unexpected(EIO);
    if ((*node)->kind == NodeKind::directory) return std::unexpected(EISDIR);
    if ((*node)->kind == NodeKind::unusable) return std::unexpected(EUCLEAN);
    return node;
}

Outcome<FileDescriptor> open_directory(Server& server, const Node& node) {
    if (node.kind != NodeKind::directory) return std::unexpected(ENOTDIR);
    if (server.pool.gone()) return std::unexpected(EIO);
    const std::string place = path_of(node);
    auto directory = server.shadow.open_directory(place);
    struct stat status{};
    if (directory && ::fstat(directory->get(), &status) != 0) directory = std::unexpected(errno);
    if (!directory) {
        const int code = server.log.fault(place, "shadow directory", directory.error());
        return std::unexpected(code == ENOENT ? ESTALE : code);
    }
    if (identity_of(status) != node.identity) return std::unexpected(ESTALE);
    return directory;
}

void forget_node(Server& server, std::uint64_t id, std::uint64_t count) {
    if (const NodePtr gone = server.catalogue.forget(id, count)) server.data->forget(*gone);
}

fuse_entry_param entry_of(const Server& server, const Resolved& resolved) {
    fuse_entry_param entry{};
    entry.ino = resolved.node->id;
    entry.generation = server.settings.generation;
    entry.attr = resolved.attributes;
    entry.attr_timeout = server.settings.attribute_timeout;
    entry.entry_timeout = server.settings.entry_timeout;
    return entry;
}

int refusal(const Server& server) {
    return server.settings.read_only ? EROFS : EPERM;
}

}  // namespace famfs::fused::ops
