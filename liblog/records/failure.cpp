#include "liblog/records/failure.h"

#include "liblog/records/json.h"

#include <algorithm>
#include <array>
#include <utility>

namespace famfs::records {
namespace {

constexpr std::uint64_t max_errno = 4095;  // as the kernel has it

constexpr std::array<std::pair<ErrorKind, std::string_view>, 6> kinds{
    {{ErrorKind::usage, "usage"},
     {ErrorKind::refused, "refused"},
     {ErrorKind::corrupt, "corrupt"},
     {ErrorKind::unsupported, "unsupported"},
     {ErrorKind::busy, "busy"},
     {ErrorKind::io, "io"}}};

std::string_view name(ErrorKind kind) {
    return std::ranges::find(kinds, kind, [](const auto& row) { return row.first; })->second;
}

}  // namespace

std::string write_failure(const Error& error) {
    const Json value{{"kind", name(error.kind)}, {"errno", error.code}, {"message", bytes(error.message)}};
    return value.dump() + "\n";
}

std::optional<Error> read_failure(std::string_view text) {
    const Json value = Json::parse(text.substr(0, text.find('\n')), nullptr, false);
    const auto kind_name = bytes_at(value, "kind");
    const auto code = number_at(value, "errno");
    auto message = bytes_at(value, "message");
    if (!kind_name || !code || !message || value.size() != 3) return std::nullopt;
    const auto kind = std::ranges::find(kinds, *kind_name, [](const auto& row) { return row.second; });
    if (kind == kinds.end() || *code == 0 || *code > max_errno) return std::nullopt;
    return Error{kind->first, static_cast<int>(*code), std::move(*message)};
}

}  // namespace famfs::records
