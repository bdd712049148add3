#include "famfs-fused/ops/support.h"

#include <fmt/format.h>

#include <cerrno>
#include <iterator>
#include <string>
#include <string_view>

namespace famfs::fused::ops {

namespace {

constexpr std::string_view prefix = "user.";

std::string shadow_path(const Server& server, const Node& node) {
    std::string path = server.shadow.directory() + "/root";
    if (node.id != Catalogue::root_id) path += '/' + path_of(node);
    return path;
}

// A device by its uuid where the pool tells it, else by its index.
std::string device_name(const Server& server, std::uint64_t index) {
    const auto uuids = server.context.device_uuids;
    if (index < uuids.size() && uuids[index] != omf::Uuid{}) return '"' + omf::to_string(uuids[index]) + '"';
    return std::to_string(index);
}

std::string extents_json(const Server& server, const Node& node) {
    std::string json = fmt::format(R"({{"chunk_size":{},"extents":[)", node.chunk_size);
    std::string_view separator;
    for (const omf::Extent& extent : node.layout().extents) {
        fmt::format_to(std::back_inserter(json), R"({}{{"device":{},"offset":{},"length":{}}})", separator,
                       device_name(server, extent.device), extent.offset, extent.length);
        separator = ",";
    }
    return json + "]}";
}

Outcome<std::string> or_none(std::string value) {
    if (value.empty()) return std::unexpected(ENODATA);
    return value;
}

// Names that are not ours to have are EOPNOTSUPP, which makes ls ask no more.
Outcome<std::string> value_of(Server& server, const Node& node, std::string_view name) {
    if (!name.starts_with(prefix)) return std::unexpected(EOPNOTSUPP);
    if (name == "user.famfs.shadow") return shadow_path(server, node);
    if (name == "user.famfs.data_path") return std::string(server.data->name());
    if (name == "user.famfs.device") return or_none(server.devices.identity());
    if (name == "user.famfs.file_system") return or_none(server.devices.file_system());
    if (name == "user.famfs.pool_gone") return or_none(server.pool.why());
    if (name == "user.famfs.requests" && node.id == Catalogue::root_id) return server.requests.json();
    if (name == "user.famfs.extents" && node.kind == NodeKind::file) return extents_json(server, node);
    return std::unexpected(ENODATA);
}

}  // namespace

void getxattr(fuse_req_t request, fuse_ino_t id, const char* name, std::size_t size) {
    const auto node = node_of(request, id);
    const auto value = node ? value_of(server_of(request), **node, name)
                            : Outcome<std::string>(std::unexpected(node.error()));
    if (!value) {
        fuse_reply_err(request, value.error());
    } else if (size == 0) {
        fuse_reply_xattr(request, value->size());
    } else if (value->size() > size) {
        fuse_reply_err(request, ERANGE);
    } else {
        fuse_reply_buf(request, value->data(), value->size());
    }
}

// The names above are answered but not listed: what copies a file with its attributes would carry them along
// to where they are not true.
void listxattr(fuse_req_t request, fuse_ino_t, std::size_t size) {
    if (size == 0) {
        fuse_reply_xattr(request, 0);
    } else {
        fuse_reply_buf(request, nullptr, 0);
    }
}

void setxattr(fuse_req_t request, fuse_ino_t, const char*, const char*, std::size_t, int) {
    fuse_reply_err(request, EOPNOTSUPP);
}

void removexattr(fuse_req_t request, fuse_ino_t, const char*) {
    fuse_reply_err(request, EOPNOTSUPP);
}

}  // namespace famfs::fused::ops
