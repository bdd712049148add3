// Permission bits on the command line.
#pragma once

#include "omf/error.h"

#include <cstdint>
#include <string_view>

namespace famfs::cli {

// Octal digits ("644", "0755") up to 7777, at most five of them; a usage error for anything else.
Result<std::uint32_t> parse_mode(std::string_view text);

}  // namespace famfs::cli
