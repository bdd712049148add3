// One small YAML document as a tree of values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace famfs::shadow::yaml {

struct Member;

struct Node {
    enum class Kind : std::uint8_t { scalar, sequence, mapping };
    Kind kind = Kind::scalar;
    std::size_t line = 0;    // from 1
    std::size_t column = 0;  // in bytes, from 1
    std::string value;       // of a scalar; base64 is decoded already where the tag is !!binary
    std::vector<Node> items;
    std::vector<Member> members;  // in the document's order

    bool operator==(const Node& other) const;
};

struct Member {
    std::string key;
    Node value;

    bool operator==(const Member& other) const = default;
};

inline bool Node::operator==(const Node& other) const = default;

// What a document may hold. No document of ours comes near either.
inline constexpr std::size_t max_depth = 8;     // of mappings and lists in each other
inline constexpr std::size_t max_members = 64;  // of one mapping: repeated keys are looked for one by one

}  // namespace famfs::shadow::yaml
