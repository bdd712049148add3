#include "liblog/shadow/yaml_parser.h"

#include "liblog/shadow/base64.h"
#include "liblog/shadow/yaml_text.h"
#include "omf/path.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>

namespace famfs::shadow::yaml {
namespace {

constexpr std::string_view binary_tag = "tag:yaml.org,2002:binary";

// Leaves yaml-cpp from inside of an event; never leaves this file.
struct Refusal {
    Error error;
};

Error error_at(const YAML::Mark& mark, std::string_view why) {
    return wrong_at(static_cast<std::size_t>(mark.line + 1), static_cast<std::size_t>(mark.column + 1), why);
}

[[noreturn]] void refuse(const YAML::Mark& mark, std::string_view why) {
    throw Refusal{error_at(mark, why)};
}

// What yaml-cpp sets for a value without a tag, by version and style.
bool is_untagged(std::string_view tag) {
    return tag.empty() || tag == "?" || tag == "!";
}

class Builder : public YAML::EventHandler {
  public:
    explicit Builder(std::string_view text) : text_(text) {}

    std::optional<Node> take_root() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (root_) refuse(mark, "more than one document");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (open_.empty()) refuse(mark, "no document");
        add(mark, anchor, std::string(null_word(text_, static_cast<std::size_t>(mark.pos), expects_key())));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "aliases are not allowed"); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        add(mark, anchor, tag == binary_tag ? decoded(mark, value) : untagged(mark, tag, value));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(Node::Kind::sequence, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(Node::Kind::mapping, mark, tag, anchor);
    }
    void OnMapEnd() override { close(); }

  private:
    // A mapping or list whose end is not reached.
    struct Open {
        Node node;
        std::optional<std::string> key;  // whose value comes next
    };

    bool expects_key() const {
        return !open_.empty() && open_.back().node.kind == Node::Kind::mapping && !open_.back().key;
    }

    static std::string decoded(const YAML::Mark& mark, const std::string& value) {
        auto bytes = decode_base64(value);
        if (!bytes) refuse(mark, "not base64");
        return std::move(*bytes);
    }

    static void check_tag(const YAML::Mark& mark, const std::string& tag) {
        if (!is_untagged(tag)) refuse(mark, fmt::format("tag {} is not known", omf::printable(tag)));
    }

    static std::string untagged(const YAML::Mark& mark, const std::string& tag, const std::string& value) {
        check_tag(mark, tag);
        auto text = as_utf8(value);
        if (!text) refuse(mark, "not UTF-8");
        return std::move(*text);
    }

    Node make(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) const {
        if (anchor != YAML::NullAnchor) refuse(mark, "anchors are not allowed");
        if (open_.size() > max_depth) refuse(mark, "nested too deeply");
        return {
            kind, static_cast<std::size_t>(mark.line + 1), static_cast<std::size_t>(mark.column + 1), {}, {},
            {}};
    }

    void add(const YAML::Mark& mark, YAML::anchor_t anchor, std::string value) {
        Node made = make(Node::Kind::scalar, mark, anchor);
        if (expects_key()) return add_key(mark, std::move(value));
        made.value = std::move(value);
        place(std::move(made));
    }

    void add_key(const YAML::Mark& mark, std::string key) {
        const auto& members = open_.back().node.members;
        if (members.size() == max_members) refuse(mark, "too many keys");
        if (std::ranges::find(members, key, &Member::key) != members.end())
            refuse(mark, omf::printable(key) + ": repeated key");
        open_.back().key = std::move(key);
    }

    void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        check_tag(mark, tag);
        if (expects_key()) refuse(mark, "a key must be a plain word");
        open_.push_back({make(kind, mark, anchor), {}});
    }

    void close() {
        Node made = std::move(open_.back().node);
        open_.pop_back();
        place(std::move(made));
    }

    void place(Node node) {
        if (open_.empty()) {
            root_ = std::move(node);
        } else if (Open& parent = open_.back(); parent.node.kind == Node::Kind::sequence) {
            parent.node.items.push_back(std::move(node));
        } else {
            parent.node.members.push_back({std::move(*parent.key), std::move(node)});
            parent.key.reset();
        }
    }

    std::string_view text_;
    std::vector<Open> open_;
    std::optional<Node> root_;
};

// yaml-cpp takes the text's end for a closing quote, but not a document's end.
std::string with_end(std::string_view text) {
    std::string ended(text);
    if (!text.empty() && !text.ends_with('\n')) ended += '\n';
    return ended + "...\n";
}

Result<Node> build(std::string_view text) {
    std::istringstream stream(with_end(text));
    YAML::Parser parser(stream);
    Builder builder(text);
    while (parser.HandleNextDocument(builder)) {
    }
    if (auto root = builder.take_root()) return std::move(*root);
    return std::unexpected(wrong_at(1, 1, "no document"));
}

}  // namespace

Result<Node> parse_any(std::string_view text) {
    if (text.size() > max_text)
        return fail(ErrorKind::corrupt, EUCLEAN, fmt::format("larger than {} bytes", max_text));
    text = without_byte_order_mark(text);
    if (auto checked = check_characters(text); !checked) return std::unexpected(checked.error());
    try {
        return build(text);
    } catch (Refusal& refusal) {
        return std::unexpected(std::move(refusal.error));
    } catch (const YAML::Exception& exception) {
        return std::unexpected(error_at(exception.mark, omf::one_line(exception.msg)));
    }
}

}  // namespace famfs::shadow::yaml
