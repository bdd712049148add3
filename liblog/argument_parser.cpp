#include "liblog/argument_parser.h"

#include "omf/path.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace famfs {
namespace {

std::unexpected<Error> usage(const std::string& message) {
    return fail(ErrorKind::usage, EINVAL, message);
}

std::unexpected<Error> unknown(std::string_view option) {
    return usage(omf::printable(option) + ": unknown option");
}

// The long one of the names, or the only one.
std::string_view main_name(std::string_view names) {
    return names.substr(names.find(',') == std::string_view::npos ? 0 : names.find(',') + 1);
}

bool has_name(std::string_view names, std::string_view name) {
    return main_name(names) == name || names.substr(0, names.find(',')) == name;
}

constexpr std::size_t help_column = 28;

std::string help_line(std::string_view left, std::string_view help) {
    return fmt::format("  {:<{}}{}{}\n", left, help_column - 2, left.size() >= help_column - 2 ? " " : "",
                       help);
}

std::string left_column(const ArgumentParser::Option& option) {
    std::string left = option.names;
    if (!option.type.empty()) left += ' ' + option.type;
    if (option.repeats) left += " …";
    return left;
}

}  // namespace

// The words, and how far they are taken.
struct ArgumentParser::Cursor {
    std::span<const std::string> words;
    std::size_t next = 0;
    std::vector<std::string> operands{};

    bool done() const { return next == words.size(); }
    const std::string& word() { return words[next++]; }
};

ArgumentParser::Take ArgumentParser::store(std::string& value) {
    return [&value](const std::string& text) -> Result<void> {
        value = text;
        return {};
    };
}

ArgumentParser::Take ArgumentParser::append(std::vector<std::string>& values) {
    return [&values](const std::string& text) -> Result<void> {
        values.push_back(text);
        return {};
    };
}

ArgumentParser::Take ArgumentParser::set(bool& flag) {
    return [&flag](const std::string&) -> Result<void> {
        flag = true;
        return {};
    };
}

void ArgumentParser::add(Option option) {
    options_.push_back({std::move(option)});
}

void ArgumentParser::add(Operand operand) {
    operands_.push_back(std::move(operand));
}

void ArgumentParser::add_stop(const std::string& names, const std::string& help, bool& asked) {
    options_.push_back({{names, "", help, set(asked)}, true});
}

ArgumentParser::Declared* ArgumentParser::find(std::string_view name) {
    const auto found = std::ranges::find_if(
        options_, [&](const Declared& each) { return has_name(each.option.names, name); });
    return found == options_.end() ? nullptr : &*found;
}

Result<void> ArgumentParser::take(Declared& declared, std::string_view name, const std::string& value) {
    const Option& option = declared.option;
    if (declared.seen && !option.type.empty() && !option.repeats)
        return usage(fmt::format("{}: given more than once", name));
    declared.seen = true;
    stopped_ = declared.stops;
    auto taken = option.take(value);
    if (taken) return {};
    return fail(taken.error().kind, taken.error().code,
                fmt::format("{}: {}", main_name(option.names), taken.error().message));
}

Result<void> ArgumentParser::take_long(Cursor& at) {
    const std::string_view word = at.word();
    const auto sign = word.find('=');
    const auto name = word.substr(0, sign);
    Declared* const declared = find(name);
    if (declared == nullptr) return unknown(name);
    if (sign != std::string_view::npos) {
        if (!declared->option.type.empty()) return take(*declared, name, std::string(word.substr(sign + 1)));
        return usage(fmt::format("{}: takes no value", name));
    }
    if (declared->option.type.empty()) return take(*declared, name, "");
    if (at.done()) return usage(fmt::format("{}: needs a value", name));
    return take(*declared, name, at.word());
}

// "-rv", "-m644", "-rm 644": flags, up to one that takes the rest, or the next word.
Result<void> ArgumentParser::take_bundle(Cursor& at) {
    const std::string_view word = at.word();
    for (std::size_t i = 1; i < word.size() && !stopped_; ++i) {
        const std::string name{'-', word[i]};
        Declared* const declared = find(name);
        if (declared == nullptr) return unknown(word.size() == 2 ? word : std::string_view(name));
        if (declared->option.type.empty()) {
            if (auto taken = take(*declared, name, ""); !taken) return taken;
            continue;
        }
        if (i + 1 < word.size()) return take(*declared, name, std::string(word.substr(i + 1)));
        if (at.done()) return usage(fmt::format("{}: needs a value", name));
        return take(*declared, name, at.word());
    }
    return {};
}

Result<void> ArgumentParser::take_word(Cursor& at) {
    const std::string& word = at.words[at.next];
    if (word.size() < 2 || word.front() != '-') {
        at.operands.push_back(at.word());
        return {};
    }
    if (word[1] != '-') return take_bundle(at);
    if (word.size() > 2) return take_long(at);
    at.operands.insert(at.operands.end(), at.words.begin() + static_cast<std::ptrdiff_t>(at.next) + 1,
                       at.words.end());
    at.next = at.words.size();
    return {};
}

Result<void> ArgumentParser::take_operands(std::span<const std::string> words) {
    for (const Operand& operand : operands_) {
        if (words.empty() && operand.required) return usage(operand.name + " is required");
        const std::size_t count = operand.many ? words.size() : std::min<std::size_t>(1, words.size());
        for (const std::string& word : words.first(count))
            if (auto taken = operand.take(word); !taken) return taken;
        words = words.subspan(count);
    }
    if (words.empty()) return {};
    return usage(omf::printable(words.front()) + ": one argument too many");
}

Result<void> ArgumentParser::check_required() const {
    for (const Declared& each : options_)
        if (each.option.required && !each.seen)
            return usage(fmt::format("{} is required", main_name(each.option.names)));
    return {};
}

Result<void> ArgumentParser::parse(std::span<const std::string> words) {
    Cursor at{words};
    while (!at.done() && !stopped_)
        if (auto taken = take_word(at); !taken) return taken;
    if (stopped_) return {};
    if (auto taken = take_operands(at.operands); !taken) return taken;
    return check_required();
}

std::string ArgumentParser::help(std::string_view program) const {
    std::string text = fmt::format("Usage: {} [OPTIONS]", program);
    for (const Operand& each : operands_)
        text += each.required ? ' ' + each.name : fmt::format(" [{}]", each.name);
    text += operands_.empty() ? "\n" : "\n\n";
    for (const Operand& each : operands_)
        text += help_line(each.name, each.help);
    text += "\nOptions:\n";
    for (const Declared& each : options_)
        text += help_line(left_column(each.option),
                          each.option.help + (each.option.required ? " (required)" : ""));
    return text;
}

}  // namespace famfs
