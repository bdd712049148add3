#include "omf/path.h"

#include <algorithm>
#include <cstring>

namespace famfs::omf {
namespace {

constexpr std::string_view reserved = ".meta";

// Length of the UTF-8 character at the start of `text`, 0 if there is none (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
std::size_t utf8_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (!tail(1) || !tail(2)) return 0;
        const bool bad = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F);
        return bad ? 0 : 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (!tail(1) || !tail(2) || !tail(3)) return 0;
        const bool bad = (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
        return bad ? 0 : 4;
    }
    return 0;
}

void append_escaped(std::string& out, unsigned char byte) {
    constexpr char digits[] = "0123456789abcdef";
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

}  // namespace

std::expected<Path, Violation> Path::parse(std::string_view text) {
    if (text.empty()) return std::unexpected(Violation{Rule::path_empty});
    if (text.size() > longest_path || text.find('\0') != text.npos)
        return std::unexpected(Violation{Rule::path_too_long, text.size(), longest_path});
    if (text.front() == '/') return std::unexpected(Violation{Rule::path_absolute});
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find('/', start), text.size());
        const std::string_view component = text.substr(start, end - start);
        if (component.empty() || component == "." || component == "..")
            return std::unexpected(Violation{Rule::path_component, start});
        start = end + 1;
    }
    Path path;
    std::memcpy(path.bytes_.data(), text.data(), text.size());
    path.size_ = static_cast<std::uint8_t>(text.size());
    return path;
}

std::expected<Path, Violation> Path::decode(std::span<const std::byte, path_field> field) {
    const auto* text = reinterpret_cast<const char*>(field.data());
    const std::size_t length = ::strnlen(text, path_field);
    if (length == path_field) return std::unexpected(Violation{Rule::path_too_long, length, longest_path});
    return parse({text, length});
}

void Path::encode(std::span<std::byte, path_field> field) const {
    std::memcpy(field.data(), bytes_.data(), path_field);
}

std::string_view Path::parent() const {
    const std::size_t slash = view().rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : view().substr(0, slash);
}

std::string_view Path::name() const {
    const std::size_t slash = view().rfind('/');
    return slash == std::string_view::npos ? view() : view().substr(slash + 1);
}

bool Path::is_reserved() const {
    return view() == reserved || (view().starts_with(reserved) && view()[reserved.size()] == '/');
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_character(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text.front());
        const std::size_t length = utf8_character(text);
        // U+0080...U+009F are control characters too
        const bool control = byte < 0x20 || byte == 0x7F || byte == '\\' ||
                             (length == 2 && byte == 0xC2 && (text[1] & 0x60) == 0);
        const std::size_t taken = std::max<std::size_t>(length, 1);
        if (length == 0 || control) {
            for (std::size_t i = 0; i < taken; ++i)
                append_escaped(out, static_cast<unsigned char>(text[i]));
        } else {
            out += text.substr(0, taken);
        }
        text.remove_prefix(taken);
    }
    return out;
}

}  // namespace famfs::omf
