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

// Pre: `character` is one UTF-8 character.
char32_t code_point(std::string_view character) {
    const auto byte = [&](std::size_t i) {
        return static_cast<char32_t>(static_cast<unsigned char>(character[i]));
    };
    if (character.size() == 1) return byte(0);
    char32_t code = byte(0) & (0x7FU >> character.size());
    for (std::size_t i = 1; i < character.size(); ++i)
        code = code << 6 | (byte(i) & 0x3FU);
    return code;
}

struct Range {
    char32_t first, last;
};

// Unicode's control, format, separator (but the plain space) and private-use characters, surrogates and
// noncharacters: what a terminal obeys, or shows as nothing or as something else. The backslash is ours.
constexpr Range hidden[] = {
    {0x00, 0x1F},        {'\\', '\\'},       {0x7F, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},
    {0x61C, 0x61C},      {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},
    {0x1680, 0x1680},    {0x180E, 0x180E},   {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},
    {0x3000, 0x3000},    {0xD800, 0xF8FF},   {0xFDD0, 0xFDEF},   {0xFEFF, 0xFEFF},   {0xFFF0, 0xFFFB},
    {0xFFFE, 0xFFFF},    {0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A},  {0x1FFFE, 0x1FFFF}, {0x2FFFE, 0x2FFFF}, {0x3FFFE, 0xDFFFF}, {0xE0000, 0xE0FFF},
    {0xE1000, 0x10FFFF},
};

bool is_visible(char32_t code) {
    return std::ranges::none_of(
        hidden, [&](const Range& range) { return range.first <= code && code <= range.last; });
}

void append_escaped(std::string& out, unsigned char byte) {
    constexpr char digits[] = "0123456789abcdef";
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

// Appends the characters that `shown` accepts, and the bytes of all others escaped.
template <typename Shown>
void append_shown(std::string& out, std::string_view text, Shown shown) {
    while (!text.empty()) {
        const std::size_t length = utf8_character(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
        if (length != 0 && shown(code_point(character)))
            out += character;
        else
            for (const char c : character)
                append_escaped(out, static_cast<unsigned char>(c));
        text.remove_prefix(character.size());
    }
}

}  // namespace

std::expected<Path, Violation> Path::parse(std::string_view text) {
    if (text.empty()) return std::unexpected(Violation{Rule::path_empty});
    if (text.size() > max_path) return std::unexpected(Violation{Rule::path_too_long, text.size(), max_path});
    if (const std::size_t nul = text.find('\0'); nul != text.npos)
        return std::unexpected(Violation{Rule::path_component, nul});
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
    if (length == path_field) return std::unexpected(Violation{Rule::path_too_long, length, max_path});
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
    append_shown(out, text, is_visible);
    return out;
}

std::string one_line(std::string message) {
    const auto plain = [](char byte) { return byte >= ' ' && byte <= '~'; };
    if (std::ranges::all_of(message, plain)) return message;
    std::string out;
    append_shown(out, message, [](char32_t code) { return code == '\\' || is_visible(code); });
    return out;
}

}  // namespace famfs::omf
