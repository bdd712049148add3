#include "liblog/shadow/base64.h"

#include <cstdint>

namespace famfs::shadow {
namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string encode_base64(std::string_view bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::string_view group = bytes.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            text += k <= group.size() ? digits[bits >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
    std::string bytes;
    std::uint32_t bits = 0;
    std::size_t count = 0;
    std::size_t padding = 0;
    for (const char c : text) {
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
        const std::size_t value = c == '=' ? 0 : digits.find(c);
        if (value == digits.npos || (padding > 0 && c != '=')) return std::nullopt;
        if (c == '=') ++padding;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        if (++count % 4 != 0) continue;
        if (padding > 2) return std::nullopt;
        for (std::size_t k = 0; k < 3 - padding; ++k)
            bytes += static_cast<char>(bits >> (16 - 8 * k) & 255);
    }
    if (count % 4 != 0) return std::nullopt;
    return bytes;
}

}  // namespace famfs::shadow
