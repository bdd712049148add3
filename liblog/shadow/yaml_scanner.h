// The part of YAML that the documents of both forms are written in, and the files beside them.
#pragma once

#include "liblog/shadow/yaml_node.h"

#include <optional>
#include <string_view>

namespace famfs::shadow::yaml {

// Reads block mappings of lower-case keys, lists of such mappings, and the scalars of read_scalar(). No value
// for anything else, right or wrong: a comment, a blank line, a repeated key … parse_any() reads that. What
// is returned is what parse_any() would return for the same text, but for line feeds that end a value in
// single quotes.
std::optional<Node> scan(std::string_view text);

}  // namespace famfs::shadow::yaml
