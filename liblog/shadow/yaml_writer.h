// Text as a YAML scalar that our reader, and any other, gives back unchanged.
#pragma once

#include <string>
#include <string_view>

namespace famfs::shadow::yaml {

// Double-quoted, or !!binary where `text` is not UTF-8.
std::string quoted(std::string_view text);

}  // namespace famfs::shadow::yaml
