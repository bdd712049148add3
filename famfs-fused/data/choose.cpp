#include "famfs-fused/data/choose.h"

#include "famfs-fused/data/copy_path.h"
#include "famfs-fused/data/yaml_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace famfs::fused {

namespace {

constexpr std::array<std::pair<std::string_view, DataPathKind>, 5> names{{{"auto", DataPathKind::automatic},
                                                                          {"iomap", DataPathKind::iomap},
                                                                          {"extfile", DataPathKind::extfile},
                                                                          {"copy", DataPathKind::copy},
                                                                          {"yaml", DataPathKind::yaml}}};

}  // namespace

std::optional<DataPathKind> parse_data_path(std::string_view name) {
    const auto found = std::ranges::find(names, name, [](const auto& row) { return row.first; });
    if (found == names.end()) return std::nullopt;
    return found->second;
}

std::string_view name(DataPathKind kind) {
    return std::ranges::find(names, kind, [](const auto& row) { return row.second; })->first;
}

Result<Choice> choose_data_path(DataPathKind asked) {
    switch (asked) {
        case DataPathKind::automatic:
            return Choice{DataPathKind::copy, "the one that works on every kernel"};
        case DataPathKind::copy:
        case DataPathKind::yaml:
            return Choice{asked, "as asked"};
        case DataPathKind::iomap:
        case DataPathKind::extfile:
            break;
    }
    return fail(ErrorKind::unsupported, EOPNOTSUPP,
                fmt::format("data path {} is not in this build; use --data-path=copy", name(asked)));
}

std::unique_ptr<DataPath> make_data_path(DataPathKind kind, const ShadowRoot& shadow, const Devices& devices,
                                         Log& log) {
    if (kind == DataPathKind::yaml) return make_yaml_path(shadow);
    return make_copy_path(devices, log);
}

}  // namespace famfs::fused
