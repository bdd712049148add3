// A mapping's members as values: each key once, none that nobody asked for.
#pragma once

#include "liblog/shadow/yaml_node.h"
#include "omf/error.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace famfs::shadow::yaml {

// Takes the members of a mapping one by one. The first thing wrong is kept; what is asked for after that is a
// default.
class Fields {
  public:
    // `name` is what messages call the mapping. The node must outlive this.
    Fields(const Node& node, std::string name);

    bool has(std::string_view key) const;

    std::string text(std::string_view key);
    // Decimal or 0x…, at most `max`.
    std::uint64_t number(std::string_view key, std::uint64_t max);
    // The same for a 32-bit id, where "-2" stands for 4294967294.
    std::uint32_t id(std::string_view key);
    // Octal digits, with or without a leading 0.
    std::uint32_t permissions(std::string_view key);
    // A member that is a sequence, or a mapping; nullptr after an error.
    const Node* sequence(std::string_view key);
    const Node* mapping(std::string_view key);

    void reject(std::string_view key, const std::string& why);
    // The same where `at` is another node, whose line and column are named.
    void reject(const Node& at, std::string_view key, const std::string& why);

    // Takes over what was found wrong with a member of a member.
    void adopt(const Error& error);

    bool good() const { return !error_; }
    // Fails with the first error; an error too is a member that nobody asked for.
    Result<void> finish();

  private:
    const Node* find(std::string_view key) const;
    const Node* take(std::string_view key, Node::Kind kind);

    const Node& node_;
    std::string name_;
    std::vector<bool> taken_;
    std::optional<Error> error_;
};

}  // namespace famfs::shadow::yaml
