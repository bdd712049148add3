#include "famfs-cli/verbs/command_line.h"

#include "famfs-cli/ui/mode.h"
#include "famfs-cli/ui/size.h"
#include "omf/path.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace famfs::cli {
namespace {

// What `parser` makes of the text.
template <typename Value, typename Parser>
ArgumentParser::Take store_parsed(std::optional<Value>& value, Parser parser) {
    return [&value, parser](const std::string& text) -> Result<void> {
        const auto parsed = parser(text);
        if (!parsed) return std::unexpected(parsed.error());
        value = *parsed;
        return {};
    };
}

std::unexpected<Error> wrong_value(const std::string& message) {
    return fail(ErrorKind::usage, EINVAL, message);
}

Result<omf::Uuid> parse_uuid(const std::string& text) {
    if (const auto uuid = omf::parse_uuid(text)) return *uuid;
    return wrong_value(fmt::format("{} is not a uuid", omf::printable(text)));
}

std::string sentence(std::string_view summary) {
    std::string text(summary);
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
    return text + ".\n";
}

}  // namespace

CommandLine::CommandLine(Console& console, std::string_view verb) : console_(console), verb_(verb) {
    parser_.add_stop("-h,--help", "Show this and exit", help_wanted_);
    add_flag("-v,--verbose", console_.verbose, "Say more");
    add_flag("-q,--quiet", console_.quiet, "Say only errors");
}

void CommandLine::add_subject(const std::string& name, std::string& value, const std::string& help,
                              Need need) {
    parser_.add(ArgumentParser::Operand{name, help, ArgumentParser::store(value), need == Need::required});
}

void CommandLine::add_subjects(const std::string& name, std::vector<std::string>& values,
                               const std::string& help) {
    parser_.add(ArgumentParser::Operand{name, help, ArgumentParser::append(values), true, true});
}

void CommandLine::add_value(const std::string& name, const std::string& type, const std::string& help,
                            ArgumentParser::Take take, Need need) {
    parser_.add(ArgumentParser::Option{name, type, help, std::move(take), need == Need::required});
}

void CommandLine::add_flag(const std::string& name, bool& value, const std::string& help) {
    parser_.add(ArgumentParser::Option{name, "", help, ArgumentParser::set(value)});
}

void CommandLine::add_text(const std::string& name, std::string& value, const std::string& type,
                           const std::string& help, Need need) {
    const auto take = [&value](const std::string& text) -> Result<void> {
        if (text.empty()) return wrong_value("the value is empty");
        value = text;
        return {};
    };
    add_value(name, type, help, take, need);
}

void CommandLine::add_texts(const std::string& name, std::vector<std::string>& values,
                            const std::string& type, const std::string& help) {
    parser_.add(ArgumentParser::Option{name, type, help, ArgumentParser::append(values), false, true});
}

void CommandLine::add_size(const std::string& name, std::optional<std::uint64_t>& value,
                           const std::string& help, Need need) {
    add_value(name, "SIZE", help, store_parsed(value, parse_size), need);
}

void CommandLine::add_choice(const std::string& name, std::string& value,
                             const std::vector<std::string>& words, const std::string& help) {
    const auto take = [&value, words](const std::string& text) -> Result<void> {
        if (std::ranges::find(words, text) == words.end())
            return wrong_value(fmt::format("{} is none of {}", omf::printable(text), fmt::join(words, ", ")));
        value = text;
        return {};
    };
    add_value(name, "WORD", help, take);
}

void CommandLine::add_uuid(const std::string& name, std::optional<omf::Uuid>& value,
                           const std::string& help) {
    add_value(name, "UUID", help, store_parsed(value, parse_uuid));
}

void CommandLine::add_mode(std::optional<std::uint32_t>& value, const std::string& help) {
    add_value("-m,--mode", "MODE", help, store_parsed(value, parse_mode));
}

void CommandLine::add_json() {
    add_flag("--json", console_.json, "Report as one JSON document on stdout");
}

void CommandLine::add_progress() {
    add_choice("--progress", progress_, {"auto", "never", "always", "json"},
               "Progress on stderr: auto (on a terminal, after a second), never, always, json");
}

std::string CommandLine::help() const {
    return parser_.help("famfs " + verb_, sentence(find_verb(verb_)->summary), "Manual: man famfs-" + verb_);
}

std::optional<int> CommandLine::parse(Arguments arguments) {
    if (const auto parsed = parser_.parse(arguments); !parsed) return usage_error(parsed.error().message);
    if (!help_wanted_) return apply_settings();
    console_.write(help());
    return exit_done;
}

std::optional<int> CommandLine::apply_settings() {
    if (console_.quiet && console_.verbose) return usage_error("-q and -v exclude each other");
    if (progress_ == "never") console_.progress = ProgressMode::never;
    if (progress_ == "always") console_.progress = ProgressMode::always;
    if (progress_ == "json") console_.progress = ProgressMode::json;
    return std::nullopt;
}

int CommandLine::usage_error(const std::string& message) {
    console_.error(fmt::format("{}: {}; try famfs {} --help", verb_, message, verb_));
    return exit_usage;
}

}  // namespace famfs::cli
