// The scanner of canonical documents against yaml-cpp.
#pragma once

#include "fuzz.h"
#include "liblog/shadow/yaml_parser.h"
#include "liblog/shadow/yaml_scanner.h"

#include <algorithm>

namespace famfs::fuzz {

// yaml-cpp 0.7 loses a line feed before a closing single quote: such a value has no second opinion.
inline bool ends_in_line_feed(const shadow::yaml::Node& node) {
    const auto member_does = [](const shadow::yaml::Member& member) {
        return ends_in_line_feed(member.value);
    };
    return node.value.ends_with('\n') || std::ranges::any_of(node.items, ends_in_line_feed) ||
           std::ranges::any_of(node.members, member_does);
}

// What the scanner reads, yaml-cpp reads to the same nodes, lines and columns included.
inline void require_agreement(std::string_view text) {
    const auto scanned = shadow::yaml::scan(text);
    if (!scanned || ends_in_line_feed(*scanned)) return;
    const auto any = shadow::yaml::parse_any(text);
    if (!any) std::fprintf(stderr, "%s\n", any.error().message.c_str());
    require(any.has_value(), "yaml-cpp reads what the scanner reads");
    require(*any == *scanned, "and finds the same");
}

}  // namespace famfs::fuzz
