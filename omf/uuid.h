// A UUID as the format stores it: 16 raw bytes in RFC 4122 textual order.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace famfs::omf {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};
    auto operator<=>(const Uuid&) const = default;
};

// "123e4567-e89b-12d3-a456-426614174000", lower case.
std::string to_string(const Uuid& uuid);

// The 36-character form in either case; nothing before or after it.
std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace famfs::omf

template <>
struct std::hash<famfs::omf::Uuid> {
    std::size_t operator()(const famfs::omf::Uuid& uuid) const noexcept {
        return std::hash<std::string_view>{}(
            {reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()});
    }
};
