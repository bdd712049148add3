#include "liblog/shadow/yaml_writer.h"

#include "liblog/shadow/base64.h"
#include "omf/path.h"

#include <fmt/format.h>

#include <algorithm>

namespace famfs::shadow::yaml {
namespace {

struct Escape {
    std::size_t length;  // bytes of the text that it stands for; 0: none is needed
    std::string text;
};

// What YAML 1.1 (5.1, 5.4) does not call printable, or takes for a line break. `text` is UTF-8, not empty.
Escape escape_of(std::string_view text) {
    const auto byte = static_cast<unsigned char>(text[0]);
    if (byte == '"' || byte == '\\') return {1, {'\\', text[0]}};
    if (byte < 0x20 || byte == 0x7F) return {1, fmt::format("\\x{:02x}", byte)};
    if (byte == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0)
        return {2, fmt::format("\\x{:02x}", static_cast<unsigned char>(text[1]))};
    if (text.starts_with("\xE2\x80\xA8")) return {3, "\\L"};
    if (text.starts_with("\xE2\x80\xA9")) return {3, "\\P"};
    if (text.starts_with("\xEF\xBB\xBF")) return {3, "\\uFEFF"};
    if (text.starts_with("\xEF\xBF\xBE")) return {3, "\\uFFFE"};
    if (text.starts_with("\xEF\xBF\xBF")) return {3, "\\uFFFF"};
    return {0, {}};
}

}  // namespace

std::string quoted(std::string_view text) {
    if (!omf::is_utf8(text)) return "!!binary " + encode_base64(text);
    std::string out = "\"";
    while (!text.empty()) {
        const Escape escape = escape_of(text);
        if (escape.length == 0)
            out += text[0];
        else
            out += escape.text;
        text.remove_prefix(std::max<std::size_t>(escape.length, 1));
    }
    return out + '"';
}

}  // namespace famfs::shadow::yaml
