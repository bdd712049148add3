#include "liblog/shadow/yaml_scanner.h"

#include "liblog/shadow/yaml_scalar.h"

#include <algorithm>

namespace famfs::shadow::yaml {
namespace {

// Stands on a line, at the first byte that is not taken yet. A function that fails leaves it anywhere.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    std::optional<Node> document() {
        if (rest_.starts_with("---\n")) {
            rest_.remove_prefix(4);
            ++line_;
        }
        if (!next_line() || at_end_ || column_ != 0) return std::nullopt;
        auto root = mapping(0);
        return at_end_ ? std::move(root) : std::nullopt;
    }

  private:
    bool next_line() {
        at_end_ = rest_.empty() || rest_ == "...\n";
        if (at_end_) return true;
        const std::size_t end = rest_.find('\n');
        if (end == rest_.npos) return false;
        column_ = std::min(rest_.find_first_not_of(' '), end);
        here_ = rest_.substr(column_, end - column_);
        rest_.remove_prefix(end + 1);
        ++line_;
        return true;
    }

    bool at_item() const { return here_.starts_with("- "); }

    void take(std::size_t count) {
        here_.remove_prefix(count);
        column_ += count;
    }

    Node node(Node::Kind kind) const { return {kind, line_, column_ + 1, {}, {}, {}}; }

    std::optional<Node> mapping(std::size_t depth) {
        const std::size_t indent = column_;
        Node made = node(Node::Kind::mapping);
        if (depth >= max_depth) return std::nullopt;
        do {
            if (!member(made, indent, depth)) return std::nullopt;
        } while (!at_end_ && column_ == indent && !at_item());
        return made;
    }

    std::optional<Node> sequence(std::size_t depth) {
        const std::size_t indent = column_;
        Node made = node(Node::Kind::sequence);
        if (depth >= max_depth) return std::nullopt;
        do {
            take(2);
            auto item = mapping(depth + 1);
            if (!item) return std::nullopt;
            made.items.push_back(std::move(*item));
        } while (!at_end_ && column_ == indent && at_item());
        return made;
    }

    bool member(Node& mapping, std::size_t indent, std::size_t depth) {
        const std::string_view key = take_key();
        if (key.empty() || mapping.members.size() == max_members) return false;
        for (const Member& there : mapping.members)
            if (there.key == key) return false;
        auto value = here_.empty() ? below(indent, depth + 1) : scalar(indent);
        if (!value) return false;
        mapping.members.push_back({std::string(key), std::move(*value)});
        return true;
    }

    // "" if there is none.
    std::string_view take_key() {
        const auto in_key = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
        const auto end = std::ranges::find_if_not(here_, in_key);
        const std::string_view key(here_.begin(), end);
        if (end == here_.end() || *end != ':') return {};
        take(key.size() + 1);
        return key;
    }

    // The value that begins on the line below its key.
    std::optional<Node> below(std::size_t indent, std::size_t depth) {
        if (!next_line() || at_end_) return std::nullopt;
        if (at_item() && column_ >= indent) return sequence(depth);
        return column_ > indent ? mapping(depth) : std::nullopt;
    }

    std::optional<Node> scalar(std::size_t indent) {
        if (here_[0] != ' ') return std::nullopt;
        take(1);
        Node made = node(Node::Kind::scalar);
        auto value = here_.starts_with('\'') ? single_quoted(indent) : read_scalar(here_);
        if (!value || !next_line()) return std::nullopt;
        made.value = std::move(*value);
        return made;
    }

    // Lines are joined by a space, or by as many line feeds as there are empty lines between them. yaml-cpp
    // 0.7 loses one of these before the closing quote.
    std::optional<std::string> single_quoted(std::size_t indent) {
        std::string text(here_);
        while (std::ranges::count(text, '\'') % 2 != 0) {
            if (text.ends_with(' ')) return std::nullopt;
            std::size_t empty_lines = 0;
            do {
                if (!next_line() || at_end_) return std::nullopt;
            } while (here_.empty() && ++empty_lines != 0);
            if (column_ <= indent) return std::nullopt;
            text.append(std::max<std::size_t>(empty_lines, 1), empty_lines == 0 ? ' ' : '\n');
            text += here_;
        }
        return read_scalar(text);
    }

    std::string_view rest_;  // the lines below
    std::string_view here_;  // what is left of this line
    std::size_t line_ = 0;   // from 1
    std::size_t column_ = 0;
    bool at_end_ = false;
};

}  // namespace

std::optional<Node> scan(std::string_view text) {
    return Scanner(text).document();
}

}  // namespace famfs::shadow::yaml
