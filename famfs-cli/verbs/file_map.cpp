#include "famfs-cli/verbs/file_map.h"

#include "liblog/records/json.h"
#include "omf/path.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace famfs::cli {
namespace {

using records::bytes_at;
using records::Json;
using records::number_at;

std::optional<MappedExtent> extent_from(const Json& object) {
    auto uuid = bytes_at(object, "device");
    if (!uuid) {
        const auto index = number_at(object, "device");
        if (!index) return std::nullopt;
        uuid = fmt::to_string(*index);
    }
    const auto offset = number_at(object, "offset");
    const auto length = number_at(object, "length");
    if (!offset || !length) return std::nullopt;
    return MappedExtent{std::move(*uuid), *offset, *length};
}

std::optional<FileMap> map_from(const Json& object) {
    const auto chunk_size = number_at(object, "chunk_size");
    if (!chunk_size || !object.contains("extents") || !object["extents"].is_array()) return std::nullopt;
    FileMap map;
    map.chunk_size = *chunk_size;
    for (const Json& each : object["extents"]) {
        auto extent = extent_from(each);
        if (!extent) return std::nullopt;
        map.extents.push_back(std::move(*extent));
    }
    return map;
}

}  // namespace

Result<FileMap> read_extents(std::string_view text) {
    auto map = map_from(Json::parse(text, nullptr, false));
    if (map) return std::move(*map);
    return fail(ErrorKind::corrupt, EUCLEAN, fmt::format("{} is no list of extents", omf::printable(text)));
}

}  // namespace famfs::cli
