#include "liblog/shadow/yaml_emitter.h"

#include "omf/path.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace famfs::shadow::yaml {
namespace {

constexpr std::size_t best_width = 80;

enum class Style { plain, single_quoted, double_quoted };

bool is_printable(char c) {
    return c >= ' ' && c <= '~';
}

// Whether a plain scalar would be taken for something else: a comment, a key, a list item, a document's end …
bool has_indicator(std::string_view text) {
    constexpr std::string_view first = "#,[]{}&*!|>'\"%@`";
    const auto ends_word = [&](std::size_t at) { return at >= text.size() || text[at] == ' '; };
    if (text.starts_with("---") || text.starts_with("...") || first.contains(text[0])) return true;
    if ((text[0] == '?' || text[0] == '-') && ends_word(1)) return true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == ':' && ends_word(i + 1)) return true;
        if (text[i] == '#' && text[i - 1] == ' ') return true;
    }
    return false;
}

Style style_of(std::string_view text) {
    if (!std::ranges::all_of(text, [](char c) { return is_printable(c) || c == '\n'; }) ||
        text.contains(" \n") || text.contains("\n "))
        return Style::double_quoted;
    if (text.contains('\n') || text.front() == ' ' || text.back() == ' ' || has_indicator(text))
        return Style::single_quoted;
    return Style::plain;
}

class Line {
  public:
    Line(std::string& out, std::size_t indent) : out_(out), indent_(indent) {
        start_ = out.rfind('\n') + 1;  // 0 where there is none
    }

    bool full() const { return out_.size() - start_ > best_width; }

    void end() {
        out_ += '\n';
        start_ = out_.size();
    }
    void begin() { out_.append(indent_, ' '); }
    void fold() {
        end();
        begin();
    }

  private:
    std::string& out_;
    std::size_t indent_;
    std::size_t start_;
};

bool space_at(std::string_view text, std::size_t at) {
    return at < text.size() && text[at] == ' ';
}

// A line is folded at the last of several spaces only if it is the first: in other words, at single ones.
bool is_single_space(std::string_view text, std::size_t at) {
    return text[at] == ' ' && (at == 0 || text[at - 1] != ' ') && !space_at(text, at + 1);
}

void append_plain(std::string_view text, Line& line, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i)
        if (line.full() && is_single_space(text, i))
            line.fold();
        else
            out += text[i];
}

// A line break in the text is written as an empty line.
void append_single_quoted(std::string_view text, Line& line, std::string& out) {
    bool after_break = false;
    out += '\'';
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') {
            if (!after_break) line.end();
            line.end();
            after_break = true;
            continue;
        }
        if (after_break) line.begin();
        after_break = false;
        if (line.full() && is_single_space(text, i) && i != 0 && i + 1 != text.size())
            line.fold();
        else
            out.append(text[i] == '\'' ? 2 : 1, text[i]);
    }
    if (after_break) line.begin();
    out += '\'';
}

// Takes the first character off `text`, which is UTF-8.
char32_t take_character(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t code = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i)
        code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
    text.remove_prefix(length);
    return code;
}

// The letter that follows the backslash for what has one; else 0.
char escape_letter(char32_t code) {
    switch (code) {
        case 0x07:
            return 'a';
        case 0x08:
            return 'b';
        case 0x09:
            return 't';
        case 0x0A:
            return 'n';
        case 0x0B:
            return 'v';
        case 0x0C:
            return 'f';
        case 0x0D:
            return 'r';
        case 0x1B:
            return 'e';
        case '"':
            return '"';
        case '\\':
            return '\\';
        case 0x85:
            return 'N';
        case 0xA0:
            return '_';
        case 0x2028:
            return 'L';
        case 0x2029:
            return 'P';
        default:
            return 0;
    }
}

void append_escaped(char32_t code, std::string& out) {
    const auto to = std::back_inserter(out);
    const auto number = static_cast<std::uint32_t>(code);
    if (const char letter = escape_letter(code); letter != 0)
        (out += '\\') += letter;
    else if (code < 0x80 && is_printable(static_cast<char>(code)))
        out += static_cast<char>(code);
    else if (code <= 0xFF)
        fmt::format_to(to, "\\x{:02X}", number);
    else if (code <= 0xFFFF)
        fmt::format_to(to, "\\u{:04X}", number);
    else
        fmt::format_to(to, "\\U{:08X}", number);
}

// Here a line may be folded at the first of several spaces too; a backslash keeps the next.
void append_double_quoted(std::string_view text, Line& line, std::string& out) {
    const std::string_view all = text;
    out += '"';
    while (!text.empty()) {
        const std::size_t at = all.size() - text.size();
        const bool may_fold = text[0] == ' ' && at != 0 && all[at - 1] != ' ' && text.size() > 1;
        const char32_t code = take_character(text);
        if (!may_fold || !line.full()) {
            append_escaped(code, out);
            continue;
        }
        line.fold();
        if (text[0] == ' ') out += '\\';
    }
    out += '"';
}

}  // namespace

void append_scalar(std::string_view text, std::size_t indent, std::string& out) {
    Line line(out, indent);
    switch (style_of(text)) {
        case Style::plain:
            return append_plain(text, line, out);
        case Style::single_quoted:
            return append_single_quoted(text, line, out);
        case Style::double_quoted:
            return append_double_quoted(text, line, out);
    }
}

}  // namespace famfs::shadow::yaml
