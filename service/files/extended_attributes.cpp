// What the service tells of itself and of a file in extended attributes.
#include "service/files/file_service.h"

#include <fmt/format.h>

#include <cerrno>
#include <iterator>

namespace famfs::service {

namespace {

std::string shadow_path(const ShadowRoot& shadow, const Node& node) {
    std::string path = shadow.directory() + "/root";
    if (node.id != Catalogue::root_id) path += '/' + path_of(node);
    return path;
}

// A device by its uuid where the pool tells it, else by its index.
std::string device_name(std::span<const omf::Uuid> uuids, std::uint64_t index) {
    if (index < uuids.size() && uuids[index] != omf::Uuid{}) return '"' + omf::to_string(uuids[index]) + '"';
    return std::to_string(index);
}

std::string extents_json(std::span<const omf::Uuid> uuids, const Node& node) {
    std::string json = fmt::format(R"({{"chunk_size":{},"extents":[)", node.chunk_size);
    std::string_view separator;
    for (const omf::Extent& extent : node.layout().extents) {
        fmt::format_to(std::back_inserter(json), R"({}{{"device":{},"offset":{},"length":{}}})", separator,
                       device_name(uuids, extent.device), extent.offset, extent.length);
        separator = ",";
    }
    return json + "]}";
}

Outcome<std::string> or_none(std::string value) {
    if (value.empty()) return std::unexpected(ENODATA);
    return value;
}

}  // namespace

// Names that are not ours to have are EOPNOTSUPP, which makes ls ask no more.
Outcome<std::string> FileService::extended_attribute(std::uint64_t id, std::string_view name) {
    const auto node = node_of(id);
    if (!node) return std::unexpected(node.error());
    if (!name.starts_with("user.")) return std::unexpected(EOPNOTSUPP);
    if (name == "user.famfs.shadow") return shadow_path(shadow_, **node);
    if (name == "user.famfs.data_path") return std::string(data_->name());
    if (name == "user.famfs.device") return or_none(devices_.identity());
    if (name == "user.famfs.file_system") return or_none(devices_.file_system());
    if (name == "user.famfs.pool_gone") return or_none(pool_.why());
    if (name == "user.famfs.extents" && (*node)->kind == NodeKind::file)
        return extents_json(context_.device_uuids, **node);
    return std::unexpected(ENODATA);
}

}  // namespace famfs::service
