#include "liblog/shadow/yaml_reader.h"

#include "liblog/shadow/yaml_parser.h"
#include "liblog/shadow/yaml_scanner.h"

namespace famfs::shadow::yaml {

Result<Node> parse(std::string_view text) {
    if (auto root = scan(text)) return std::move(*root);
    return parse_any(text);
}

}  // namespace famfs::shadow::yaml
