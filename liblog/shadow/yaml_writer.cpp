#include "liblog/shadow/yaml_writer.h"

#include "liblog/shadow/base64.h"
#include "omf/path.h"

#include <fmt/format.h>

#include <iterator>

namespace famfs::shadow::yaml {

std::string quoted(std::string_view text) {
    if (!omf::is_utf8(text)) return "!!binary " + encode_base64(text);
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out + '"';
}

}  // namespace famfs::shadow::yaml
