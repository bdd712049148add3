#include "liblog/shadow/yaml_reader.h"

#include "liblog/shadow/base64.h"
#include "omf/path.h"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>

namespace famfs::shadow::yaml {
namespace {

constexpr std::size_t deepest = 8;
constexpr std::string_view binary_tag = "tag:yaml.org,2002:binary";

std::unexpected<Error> wrong(std::size_t line, const std::string& why) {
    return fail(ErrorKind::corrupt, EUCLEAN, fmt::format("line {}: {}", line, why));
}

struct Event {
    yaml_event_t raw{};
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { yaml_event_delete(&raw); }
    std::size_t line() const { return raw.start_mark.line + 1; }
};

std::string_view text_of(const yaml_char_t* text) {
    return text == nullptr ? std::string_view{} : reinterpret_cast<const char*>(text);
}

class Parser {
  public:
    explicit Parser(std::string_view text) : good_(yaml_parser_initialize(&parser_) != 0) {
        if (good_)
            yaml_parser_set_input_string(&parser_, reinterpret_cast<const yaml_char_t*>(text.data()),
                                         text.size());
    }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;
    ~Parser() {
        if (good_) yaml_parser_delete(&parser_);
    }

    Result<Node> document() {
        if (!good_) return fail_errno(ENOMEM, "libyaml");
        for (const auto wanted : {YAML_STREAM_START_EVENT, YAML_DOCUMENT_START_EVENT})
            if (auto event = expect(wanted); !event) return std::unexpected(event.error());
        Event first;
        if (auto read = next(first); !read) return std::unexpected(read.error());
        auto root = node(first, 0);
        if (!root) return root;
        if (auto event = expect(YAML_DOCUMENT_END_EVENT); !event) return std::unexpected(event.error());
        if (auto event = expect(YAML_STREAM_END_EVENT); !event) return std::unexpected(event.error());
        return root;
    }

  private:
    Result<void> next(Event& event) {
        if (yaml_parser_parse(&parser_, &event.raw) != 0) return {};
        const char* problem = parser_.problem != nullptr ? parser_.problem : "not YAML";
        return wrong(parser_.problem_mark.line + 1, problem);
    }

    Result<void> expect(yaml_event_type_t wanted) {
        Event event;
        if (auto read = next(event); !read) return read;
        if (event.raw.type == wanted) return {};
        if (event.raw.type == YAML_DOCUMENT_START_EVENT) return wrong(event.line(), "more than one document");
        return wrong(event.line(), "no document");
    }

    Result<Node> node(const Event& event, std::size_t depth) {
        if (depth > deepest) return wrong(event.line(), "nested too deeply");
        switch (event.raw.type) {
            case YAML_SCALAR_EVENT:
                return scalar(event);
            case YAML_SEQUENCE_START_EVENT:
                return sequence(event, depth);
            case YAML_MAPPING_START_EVENT:
                return mapping(event, depth);
            case YAML_ALIAS_EVENT:
                return wrong(event.line(), "aliases are not allowed");
            default:
                return wrong(event.line(), "no value");
        }
    }

    static Result<Node> scalar(const Event& event) {
        const auto& raw = event.raw.data.scalar;
        if (raw.anchor != nullptr) return wrong(event.line(), "anchors are not allowed");
        Node made{Node::Kind::scalar, event.line(), {}, {}, {}};
        const std::string_view value(reinterpret_cast<const char*>(raw.value), raw.length);
        const std::string_view tag = text_of(raw.tag);
        if (tag == binary_tag) {
            auto decoded = decode_base64(value);
            if (!decoded) return wrong(event.line(), "not base64");
            made.value = std::move(*decoded);
        } else if (tag.empty() || tag == "!") {
            made.value = value;
        } else {
            return wrong(event.line(), fmt::format("tag {} is not known", omf::printable(tag)));
        }
        return made;
    }

    Result<Node> sequence(const Event& event, std::size_t depth) {
        if (event.raw.data.sequence_start.anchor != nullptr)
            return wrong(event.line(), "anchors are not allowed");
        Node made{Node::Kind::sequence, event.line(), {}, {}, {}};
        while (true) {
            Event inner;
            if (auto read = next(inner); !read) return std::unexpected(read.error());
            if (inner.raw.type == YAML_SEQUENCE_END_EVENT) return made;
            auto item = node(inner, depth + 1);
            if (!item) return item;
            made.items.push_back(std::move(*item));
        }
    }

    Result<Node> mapping(const Event& event, std::size_t depth) {
        if (event.raw.data.mapping_start.anchor != nullptr)
            return wrong(event.line(), "anchors are not allowed");
        Node made{Node::Kind::mapping, event.line(), {}, {}, {}};
        while (true) {
            Event inner;
            if (auto read = next(inner); !read) return std::unexpected(read.error());
            if (inner.raw.type == YAML_MAPPING_END_EVENT) return made;
            if (auto added = member(made, inner, depth); !added) return std::unexpected(added.error());
        }
    }

    // No document of ours has more than a dozen keys, so repeated ones are looked for one by one, and a
    // mapping with many keys is refused before that can take long.
    Result<void> member(Node& mapping, const Event& key_event, std::size_t depth) {
        constexpr std::size_t max_members = 64;
        if (key_event.raw.type != YAML_SCALAR_EVENT)
            return wrong(key_event.line(), "a key must be a plain word");
        auto key = scalar(key_event);
        if (!key) return std::unexpected(key.error());
        if (mapping.members.size() == max_members) return wrong(key->line, "too many keys");
        for (const Member& there : mapping.members)
            if (there.key == key->value)
                return wrong(key->line, omf::printable(key->value) + ": repeated key");
        Event event;
        if (auto read = next(event); !read) return read;
        auto value = node(event, depth + 1);
        if (!value) return std::unexpected(value.error());
        mapping.members.push_back({std::move(key->value), std::move(*value)});
        return {};
    }

    yaml_parser_t parser_{};
    bool good_;
};

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

Result<Node> parse(std::string_view text) {
    return Parser(text).document();
}

Fields::Fields(const Node& node, std::string name)
    : node_(node), name_(std::move(name)), taken_(node.members.size()) {
    if (node.kind != Node::Kind::mapping) reject(node.line, name_, "a mapping is wanted");
}

const Node* Fields::find(std::string_view key) const {
    const auto found = std::ranges::find(node_.members, key, &Member::key);
    return found == node_.members.end() ? nullptr : &found->value;
}

bool Fields::has(std::string_view key) const {
    return find(key) != nullptr;
}

void Fields::reject(std::size_t line, std::string_view key, const std::string& why) {
    if (error_) return;
    error_ =
        Error{ErrorKind::corrupt, EUCLEAN, fmt::format("line {}: {}: {}", line, omf::printable(key), why)};
}

void Fields::reject(std::string_view key, const std::string& why) {
    const Node* found = find(key);
    reject(found != nullptr ? found->line : node_.line, key, why);
}

void Fields::adopt(const Error& error) {
    if (!error_) error_ = error;
}

const Node* Fields::take(std::string_view key, Node::Kind kind) {
    if (error_) return nullptr;
    const Node* found = find(key);
    if (found == nullptr) {
        reject(node_.line, key, "missing in " + name_);
        return nullptr;
    }
    for (std::size_t i = 0; i < taken_.size(); ++i)
        if (node_.members[i].key == key) taken_[i] = true;
    if (found->kind == kind) return found;
    reject(found->line, key, fmt::format("{} is wanted", kind_name(kind)));
    return nullptr;
}

std::string Fields::text(std::string_view key) {
    const Node* found = take(key, Node::Kind::scalar);
    return found != nullptr ? found->value : std::string{};
}

std::uint64_t Fields::number(std::string_view key, std::uint64_t largest) {
    const Node* found = take(key, Node::Kind::scalar);
    if (found == nullptr) return 0;
    const auto value = unsigned_number(found->value);
    if (!value)
        reject(found->line, key, "not a whole number");
    else if (*value > largest)
        reject(found->line, key, fmt::format("{} is above {}", *value, largest));
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
    reject(found->line, key, "not a 32-bit number");
    return 0;
}

std::uint32_t Fields::permissions(std::string_view key) {
    constexpr std::uint32_t permission_bits = 07777;
    constexpr std::uint32_t regular_file = 0100000;
    const Node* found = take(key, Node::Kind::scalar);
    if (found == nullptr) return 0;
    const auto value = whole_number<std::uint32_t>(found->value, 8);
    if (value && (*value & ~(regular_file | permission_bits)) == 0) return *value & permission_bits;
    reject(found->line, key, "not octal permission bits");
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
        reject(value.line, key, "unknown key in " + name_);
    }
    if (error_) return std::unexpected(*error_);
    return {};
}

}  // namespace famfs::shadow::yaml
