// The ways in which a file's bytes can get to its readers and writers.
#pragma once

#include <optional>
#include <string_view>

namespace famfs::service {

enum class DataPathKind { automatic, iomap, extfile, copy, yaml };

std::optional<DataPathKind> parse_data_path(std::string_view name);
std::string_view name(DataPathKind kind);

}  // namespace famfs::service
