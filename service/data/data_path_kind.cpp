#include "service/data/data_path_kind.h"

#include <algorithm>
#include <array>
#include <utility>

namespace famfs::service {

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

}  // namespace famfs::service
