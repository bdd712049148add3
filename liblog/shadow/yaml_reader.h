// Reads one small YAML document into a tree.
#pragma once

#include "liblog/shadow/yaml_node.h"
#include "omf/error.h"

#include <string_view>

namespace famfs::shadow::yaml {

// `text` is untrusted. kind corrupt, with line and column, for what is not YAML or not allowed
// (yaml_parser.h). What is written as our writers and upstream's write takes a tenth of the time of anything
// else.
Result<Node> parse(std::string_view text);

}  // namespace famfs::shadow::yaml
