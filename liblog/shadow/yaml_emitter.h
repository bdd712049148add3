// Scalars as libyaml's emitter writes them, byte for byte: upstream's documents come from there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace famfs::shadow::yaml {

// Appends `text` (UTF-8, not empty, no NUL) as libyaml 0.2.5 does for a value of a block mapping that may be
// plain, with its defaults: lines are folded after column 80, and only ASCII is written. `out` ends where the
// value begins; lines that continue it are indented by `indent` spaces.
void append_scalar(std::string_view text, std::size_t indent, std::string& out);

}  // namespace famfs::shadow::yaml
