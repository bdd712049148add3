// Base64 (RFC 4648, section 4), as YAML's !!binary has it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace famfs::shadow {

std::string encode_base64(std::string_view bytes);

// White space between the characters is passed over. No value if anything else is wrong.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace famfs::shadow
