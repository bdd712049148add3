#include "liblog/shadow/yaml_fields.h"

#include "liblog/shadow/yaml_text.h"
#include "omf/path.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace famfs::shadow::yaml {
namespace {

template <typename Number>
std::optional<Number> whole_number(std::string_view text, int base) {
    Number value{};
    const char* end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value, base);
    if (code != std::errc{} || stop != end) return std::nullopt;
    return value;
}

// Decimal without a leading zero (which some would read as octal), or 0x and hex digits.
std::optional<std::uint64_t> unsigned_number(std::string_view text) {
    if (text.starts_with("0x")) return whole_number<std::uint64_t>(text.substr(2), 16);
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    return whole_number<std::uint64_t>(text, 10);
}

std::string_view kind_name(Node::Kind kind) {
    switch (kind) {
        case Node::Kind::scalar:
            return "a value";
        case Node::Kind::sequence:
            return "a list";
        case Node::Kind::mapping:
            break;
    }
    return "a mapping";
}

}  // namespace

Fields::Fields(const Node& node, std::string name)
    : node_(node), name_(std::move(name)), taken_(node.members.size()) {
    if (node.kind != Node::Kind::mapping) reject(node, name_, "a mapping is wanted");
}

const Node* Fields::find(std::string_view key) const {
    const auto found = std::ranges::find(node_.members, key, &Member::key);
    return found == node_.members.end() ? nullptr : &found->value;
}

bool Fields::has(std::string_view key) const {
    return find(key) != nullptr;
}

void Fields::reject(const Node& at, std::string_view key, const std::string& why) {
    if (error_) return;
    error_ = wrong_at(at.line, at.column, fmt::format("{}: {}", omf::printable(key), why));
}

void Fields::reject(std::string_view key, const std::string& why) {
    const Node* found = find(key);
    reject(found != nullptr ? *found : node_, key, why);
}

void Fields::adopt(const Error& error) {
    if (!error_) error_ = error;
}

const Node* Fields::take(std::string_view key, Node::Kind kind) {
    if (error_) return nullptr;
    const Node* found = find(key);
    if (found == nullptr) {
        reject(node_, key, "missing in " + name_);
        return nullptr;
    }
    for (std::size_t i = 0; i < taken_.size(); ++i)
        if (node_.members[i].key == key) taken_[i] = true;
    if (found->kind == kind) return found;
    reject(*found, key, fmt::format("{} is wanted", kind_name(kind)));
    return nullptr;
}

std::string Fields::text(std::string_view key) {
    const Node* found = take(key, Node::Kind::scalar);
    return found != nullptr ? found->value : std::string{};
}

std::uint64_t Fields::number(std::string_view key, std::uint64_t max) {
    const Node* found = take(key, Node::Kind::scalar);
    if (found == nullptr) return 0;
    const auto value = unsigned_number(found->value);
    if (!value)
        reject(*found, key, "not a whole number");
    else if (*value > max)
        reject(*found, key, fmt::format("{} is above {}", *value, max));
    else
        return *value;
    return 0;
}

std::uint32_t Fields::id(std::string_view key) {
    const Node* found = take(key, Node::Kind::scalar);
    if (found == nullptr) return 0;
    if (found->value.starts_with('-')) {
        const auto value = whole_number<std::int32_t>(found->value, 10);
        if (value) return static_cast<std::uint32_t>(*value);
    } else if (const auto value = unsigned_number(found->value)) {
        if (*value <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(*value);
    }
    reject(*found, key, "not a 32-bit number");
    return 0;
}

std::uint32_t Fields::permissions(std::string_view key) {
    constexpr std::uint32_t permission_bits = 07777;
    constexpr std::uint32_t regular_file = 0100000;
    const Node* found = take(key, Node::Kind::scalar);
    if (found == nullptr) return 0;
    const auto value = whole_number<std::uint32_t>(found->value, 8);
    if (value && (*value & ~(regular_file | permission_bits)) == 0) return *value & permission_bits;
    reject(*found, key, "not octal permission bits");
    return 0;
}

const Node* Fields::sequence(std::string_view key) {
    return take(key, Node::Kind::sequence);
}

const Node* Fields::mapping(std::string_view key) {
    return take(key, Node::Kind::mapping);
}

Result<void> Fields::finish() {
    const auto unknown = std::ranges::find(taken_, false);
    if (!error_ && unknown != taken_.end()) {
        const auto& [key, value] = node_.members[static_cast<std::size_t>(unknown - taken_.begin())];
        reject(value, key, "unknown key in " + name_);
    }
    if (error_) return std::unexpected(*error_);
    return {};
}

}  // namespace famfs::shadow::yaml
