#include "liblog/shadow/yaml_text.h"

#include "omf/path.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace famfs::shadow::yaml {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Bytes of the character that `text`, not empty, begins with; 0 if that is not UTF-8.
std::size_t character_length(std::string_view text) {
    for (std::size_t length = 1; length <= 4; ++length)
        if (omf::is_utf8(text.substr(0, length))) return length;
    return 0;
}

bool is_control(std::string_view character) {
    const auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) return (first < ' ' && first != '\t' && first != '\n') || first == 0x7F;
    const bool upper_control = character >= "\xC2\x80" && character <= "\xC2\x9F" && character != "\xC2\x85";
    return upper_control || character == byte_order_mark || character == "\xEF\xBF\xBE" ||
           character == "\xEF\xBF\xBF";
}

Error wrong_byte(std::string_view text, std::size_t at, std::string_view why) {
    const std::string_view before = text.substr(0, at);
    const auto line = static_cast<std::size_t>(std::ranges::count(before, '\n'));
    return wrong_at(line + 1, at - (before.rfind('\n') + 1) + 1, why);
}

}  // namespace

Error wrong_at(std::size_t line, std::size_t column, std::string_view why) {
    return {ErrorKind::corrupt, EUCLEAN, fmt::format("line {}, column {}: {}", line, column, why)};
}

std::string_view without_byte_order_mark(std::string_view text) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    return text;
}

Result<void> check_characters(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        const std::size_t length = character_length(rest);
        if (length == 0) return std::unexpected(wrong_byte(text, at, "not UTF-8"));
        if (is_control(rest.substr(0, length)) && !rest.starts_with("\r\n"))
            return std::unexpected(wrong_byte(text, at, "a control character"));
        at += length;
    }
    return {};
}

std::string_view null_word(std::string_view text, std::size_t at, bool is_key) {
    constexpr std::array<std::string_view, 4> words = {"null", "Null", "NULL", "~"};
    const std::string_view rest = text.substr(std::min(at, text.size()));
    const std::size_t end = std::min(rest.find_first_of(" \t\r\n,]}:"), rest.size());
    const std::string_view word = rest.substr(0, end);
    const std::size_t next = std::min(rest.find_first_not_of(" \t", end), rest.size());
    const bool before_colon = rest.substr(next).starts_with(':');
    return std::ranges::find(words, word) != words.end() && is_key == before_colon ? word
                                                                                   : std::string_view{};
}

std::optional<std::string> as_utf8(std::string_view value) {
    std::string out;
    while (!value.empty()) {
        const std::size_t length = character_length(value);
        if (length == 0 && value[0] != '\x85' && value[0] != '\xA0') return std::nullopt;
        if (length == 0) out += '\xC2';
        out += value.substr(0, std::max<std::size_t>(length, 1));
        value.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

}  // namespace famfs::shadow::yaml
