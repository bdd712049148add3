#include "liblog/shadow/yaml_scalar.h"

#include "liblog/shadow/base64.h"

#include <algorithm>
#include <charconv>

namespace famfs::shadow::yaml {
namespace {

bool is_printable(char c) {
    return c >= ' ' && c <= '~';
}

bool may_begin_plain(std::string_view text) {
    constexpr std::string_view indicators = " ?:,[]{}#&*!|>'\"%@`";
    if (indicators.contains(text[0])) return false;
    return text[0] != '-' || (text.size() > 1 && text[1] != ' ');
}

std::optional<std::string> read_plain(std::string_view text) {
    if (!may_begin_plain(text)) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool ends_word = i + 1 == text.size() || text[i + 1] == ' ';
        if (!is_printable(text[i]) || (text[i] == ':' && ends_word)) return std::nullopt;
        if (text[i] == ' ' && (i + 1 == text.size() || text[i + 1] == '#')) return std::nullopt;
    }
    return std::string(text);
}

// What is between the quotes; no value if there are none at both ends.
std::optional<std::string_view> between_quotes(std::string_view text) {
    if (text.size() < 2 || text.back() != text.front()) return std::nullopt;
    const std::string_view inner = text.substr(1, text.size() - 2);
    if (!std::ranges::all_of(inner, [](char c) { return is_printable(c) || c == '\n'; })) return std::nullopt;
    return inner;
}

std::optional<std::string> read_single_quoted(std::string_view text) {
    const auto inner = between_quotes(text);
    if (!inner) return std::nullopt;
    std::string value;
    for (std::size_t i = 0; i < inner->size(); ++i) {
        const char c = (*inner)[i];
        if (c == '\'' && (++i == inner->size() || (*inner)[i] != '\'')) return std::nullopt;
        value += c;
    }
    return value;
}

bool append_utf8(std::uint32_t code, std::string& out) {
    const auto append = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    if (code < 0x80) {
        append(code);
        return true;
    }
    if (code < 0x800) {
        append(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            append(0xE0 | code >> 12);
        } else {
            append(0xF0 | code >> 18);
            append(0x80 | (code >> 12 & 0x3F));
        }
        append(0x80 | (code >> 6 & 0x3F));
    }
    append(0x80 | (code & 0x3F));
    return true;
}

// Takes `count` hex digits off `text` and appends the character that they are the number of.
bool take_number(std::string_view& text, std::size_t count, std::string& out) {
    if (text.size() < count) return false;
    std::uint32_t code = 0;
    const char* end = text.data() + count;
    const auto [stop, problem] = std::from_chars(text.data(), end, code, 16);
    text.remove_prefix(count);
    return problem == std::errc{} && stop == end && append_utf8(code, out);
}

// The escapes of one letter that the emitter writes.
std::string_view escaped_character(char letter) {
    switch (letter) {
        case '"':
            return "\"";
        case '\\':
            return "\\";
        case 'a':
            return "\a";
        case 'b':
            return "\b";
        case 'e':
            return "\x1B";
        case 'f':
            return "\f";
        case 'n':
            return "\n";
        case 'r':
            return "\r";
        case 't':
            return "\t";
        case 'v':
            return "\v";
        case 'N':
            return "\xC2\x85";
        case '_':
            return "\xC2\xA0";
        case 'L':
            return "\xE2\x80\xA8";
        case 'P':
            return "\xE2\x80\xA9";
        default:
            return {};
    }
}

// Takes what follows a backslash off `text`.
bool take_escape(std::string_view& text, std::string& out) {
    if (text.empty()) return false;
    const char letter = text[0];
    text.remove_prefix(1);
    if (letter == 'x') return take_number(text, 2, out);
    if (letter == 'u') return take_number(text, 4, out);
    if (letter == 'U') return take_number(text, 8, out);
    const std::string_view character = escaped_character(letter);
    out += character;
    return !character.empty();
}

std::optional<std::string> read_double_quoted(std::string_view text) {
    const auto inner = between_quotes(text);
    if (!inner) return std::nullopt;
    std::string value;
    for (std::string_view rest = *inner; !rest.empty();) {
        const char c = rest[0];
        rest.remove_prefix(1);
        if (c == '"') return std::nullopt;
        if (c != '\\')
            value += c;
        else if (!take_escape(rest, value))
            return std::nullopt;
    }
    return value;
}

}  // namespace

std::optional<std::string> read_scalar(std::string_view text) {
    constexpr std::string_view binary = "!!binary ";
    if (text.empty()) return std::nullopt;
    if (text[0] == '\'') return read_single_quoted(text);
    if (text[0] == '"') return read_double_quoted(text);
    if (!text.starts_with(binary)) return read_plain(text);
    const auto base64 = read_plain(text.substr(binary.size()));
    return base64 ? decode_base64(*base64) : std::nullopt;
}

}  // namespace famfs::shadow::yaml
