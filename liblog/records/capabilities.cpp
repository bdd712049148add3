#include "liblog/records/capabilities.h"

#include "liblog/records/json.h"
#include "omf/path.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace famfs::records {
namespace {

constexpr std::array<std::pair<Lack, std::string_view>, 7> lack_names{
    {{Lack::none, ""},
     {Lack::raw_io, "raw-io"},
     {Lack::root, "root"},
     {Lack::answer, "answer"},
     {Lack::kernel_support, "kernel-support"},
     {Lack::module, "module"},
     {Lack::unit, "unit"}}};

constexpr std::array<std::pair<KernelPath, std::string_view>, 2> path_names{
    {{KernelPath::iomap, "iomap"}, {KernelPath::extfile, "extfile"}}};

Json write(const Capability& capability) {
    Json value{{"available", capability.available()}};
    if (capability.available()) return value;
    value["reason"] = name(capability.lack);
    value["message"] = bytes(capability.message);
    return value;
}

// Of the record: "unit" is about a pool.
std::optional<Lack> parse_lack(std::string_view text) {
    const auto found = std::ranges::find(lack_names, text, [](const auto& row) { return row.second; });
    if (found == lack_names.end() || found->first == Lack::none || found->first == Lack::unit)
        return std::nullopt;
    return found->first;
}

std::optional<Capability> read_capability(const Json& record, const char* key) {
    if (!record.contains(key)) return std::nullopt;
    const Json& value = record[key];
    const auto available = flag_at(value, "available");
    if (!available) return std::nullopt;
    if (*available) return value.size() == 1 ? std::optional(Capability{}) : std::nullopt;
    const auto lack = parse_lack(bytes_at(value, "reason").value_or(""));
    auto message = bytes_at(value, "message");
    if (!lack || !message || value.size() != 3) return std::nullopt;
    return Capability{*lack, std::move(*message)};
}

std::optional<Capabilities> read_record(const Json& record) {
    constexpr std::size_t members = 5;
    if (!record.is_object() || record.size() != members) return std::nullopt;
    auto maps = read_capability(record, "maps");
    auto passthrough = read_capability(record, "passthrough");
    auto module = read_capability(record, "module");
    auto abi = bytes_at(record, "kernel_abi");
    const auto unit = number_at(record, "map_unit");
    if (!maps || !passthrough || !module || !abi || !unit || *unit == 0) return std::nullopt;
    return Capabilities{std::move(*maps), std::move(*passthrough), std::move(*module), std::move(*abi),
                        *unit};
}

}  // namespace

std::string_view name(Lack lack) {
    return std::ranges::find(lack_names, lack, [](const auto& row) { return row.first; })->second;
}

std::string_view name(KernelPath path) {
    return std::ranges::find(path_names, path, [](const auto& row) { return row.first; })->second;
}

std::optional<KernelPath> parse_kernel_path(std::string_view name) {
    const auto found = std::ranges::find(path_names, name, [](const auto& row) { return row.second; });
    return found == path_names.end() ? std::nullopt : std::optional(found->first);
}

std::string write_capabilities(const Capabilities& capabilities) {
    return document({{"maps", write(capabilities.maps)},
                     {"passthrough", write(capabilities.passthrough)},
                     {"module", write(capabilities.module)},
                     {"kernel_abi", bytes(capabilities.kernel_abi)},
                     {"map_unit", capabilities.map_unit}});
}

Result<Capabilities> read_capabilities(std::string_view text) {
    auto record = read_record(Json::parse(text, nullptr, false));
    if (record) return std::move(*record);
    return fail(ErrorKind::corrupt, EPROTO,
                fmt::format("{} is no record of what the kernel offers", omf::printable(text)));
}

Capability check_path(KernelPath path, const Capabilities& capabilities, std::uint64_t allocation_unit) {
    if (path == KernelPath::extfile)
        return capabilities.passthrough.available() ? capabilities.module : capabilities.passthrough;
    if (!capabilities.maps.available() || allocation_unit % capabilities.map_unit == 0)
        return capabilities.maps;
    return {Lack::unit,
            fmt::format("the pool's allocation unit is {} bytes, the kernel takes maps in units of {}",
                        allocation_unit, capabilities.map_unit)};
}

}  // namespace famfs::records
