// Scalars as documents of both forms have them, in ASCII.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace famfs::shadow::yaml {

// The value of a scalar that stands behind "key: " and ends with its line: plain, in quotes of either kind,
// or
// !!binary with base64. In single quotes there may be line feeds, of lines that were joined. No value where
// it takes more of YAML to tell: what is returned is never a guess.
std::optional<std::string> read_scalar(std::string_view text);

}  // namespace famfs::shadow::yaml
