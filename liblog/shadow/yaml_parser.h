// Any YAML that a person, or a program that is not ours, may have written.
#pragma once

#include "liblog/shadow/yaml_node.h"
#include "omf/error.h"

#include <cstddef>
#include <string_view>

namespace famfs::shadow::yaml {

// Bytes. The time that yaml-cpp takes for nested brackets grows with their square: 64 KiB take 0.1 s.
inline constexpr std::size_t max_text = 64 * 1024;

// Reads one document with yaml-cpp, strictly. `text` is untrusted: kind corrupt, with line and column, for
// what is too large, not UTF-8, not YAML, too deep, or has anchors, aliases, repeated keys, tags but
// !!binary, or a second document. Throws std::bad_alloc, and nothing else.
Result<Node> parse_any(std::string_view text);

}  // namespace famfs::shadow::yaml
