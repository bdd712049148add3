#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace famfs {

// All of `text` as a decimal number; no value if it is none, or too large for Number.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace famfs
