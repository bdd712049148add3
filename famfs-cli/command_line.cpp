#include "famfs-cli/command_line.h"

#include "famfs-cli/mode.h"
#include "famfs-cli/size.h"
#include "omf/path.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace famfs::cli {
namespace {

// CLI11 takes arguments last first.
std::vector<std::string> reversed(Arguments arguments) {
    return {arguments.rbegin(), arguments.rend()};
}

// An option whose text a parser of ours turns into a value.
template <typename Value, typename Parser>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, std::optional<Value>& value, Parser parser,
                        const std::string& help) {
    const auto take = [&value, parser, name](const std::string& text) {
        const auto parsed = parser(text);
        if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
        value = *parsed;
    };
    return app.add_option_function<std::string>(name, take, help);
}

std::string sentence(std::string_view summary) {
    std::string text(summary);
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
    return text + ".\n";
}

std::string describe_extra(const std::string& extra) {
    const bool option = extra.size() > 1 && extra.front() == '-';
    return fmt::format("{}: {}", omf::printable(extra), option ? "unknown option" : "one argument too many");
}

void set_need(CLI::Option& option, CommandLine::Need need) {
    option.required(need == CommandLine::Need::required);
}

}  // namespace

CommandLine::CommandLine(Console& console, std::string_view verb)
    : console_(console),
      verb_(verb),
      app_(std::make_unique<CLI::App>(sentence(find_verb(verb)->summary), "famfs " + verb_)) {
    app_->allow_extras();
    app_->set_help_flag("-h,--help", "Show this and exit");
    app_->add_flag("-v,--verbose", console_.verbose, "Say more");
    app_->add_flag("-q,--quiet", console_.quiet, "Say only errors");
    app_->footer("Manual: man famfs-" + verb_);
}

CommandLine::~CommandLine() = default;

void CommandLine::add_subject(const std::string& name, std::string& value, const std::string& help,
                              Need need) {
    set_need(*app_->add_option(name, value, help)->type_name(""), need);
}

void CommandLine::add_subjects(const std::string& name, std::vector<std::string>& values,
                               const std::string& help) {
    // CLI11 from 2.4 on refuses a blank in a name; one that does not break looks the same.
    std::string shown = name;
    if (const auto blank = shown.find(' '); blank != std::string::npos) shown.replace(blank, 1, "\u00a0");
    app_->add_option(shown, values, help)->type_name("")->required();
}

void CommandLine::add_flag(const std::string& name, bool& value, const std::string& help) {
    app_->add_flag(name, value, help);
}

void CommandLine::add_text(const std::string& name, std::string& value, const std::string& type,
                           const std::string& help, Need need) {
    const auto check = [](const std::string& text) { return text.empty() ? "the value is empty" : ""; };
    set_need(*app_->add_option(name, value, help)->type_name(type)->check(check), need);
}

void CommandLine::add_texts(const std::string& name, std::vector<std::string>& values,
                            const std::string& type, const std::string& help) {
    app_->add_option(name, values, help)->type_name(type)->allow_extra_args(false);
}

void CommandLine::add_size(const std::string& name, std::optional<std::uint64_t>& value,
                           const std::string& help, Need need) {
    set_need(*add_parsed(*app_, name, value, parse_size, help)->type_name("SIZE"), need);
}

void CommandLine::add_choice(const std::string& name, std::string& value,
                             const std::vector<std::string>& words, const std::string& help) {
    const auto check = [words](const std::string& text) {
        if (std::ranges::find(words, text) != words.end()) return std::string();
        return fmt::format("{} is none of {}", omf::printable(text), fmt::join(words, ", "));
    };
    app_->add_option(name, value, help)->check(check)->type_name("WORD");
}

void CommandLine::add_uuid(const std::string& name, std::optional<omf::Uuid>& value,
                           const std::string& help) {
    const auto parser = [](const std::string& text) -> Result<omf::Uuid> {
        if (const auto uuid = omf::parse_uuid(text)) return *uuid;
        return fail(ErrorKind::usage, EINVAL, fmt::format("{} is not a uuid", omf::printable(text)));
    };
    add_parsed(*app_, name, value, parser, help)->type_name("UUID");
}

void CommandLine::add_mode(std::optional<std::uint32_t>& value, const std::string& help) {
    add_parsed(*app_, "-m,--mode", value, parse_mode, help)->type_name("MODE");
}

void CommandLine::add_json() {
    app_->add_flag("--json", console_.json, "Report as one JSON document on stdout");
}

void CommandLine::add_progress() {
    add_choice("--progress", progress_, {"auto", "never", "always", "json"},
               "Progress on stderr: auto (on a terminal, after a second), never, always, json");
}

std::optional<int> CommandLine::parse(Arguments arguments) {
    try {
        app_->parse(reversed(arguments));
    } catch (const CLI::CallForHelp&) {
        console_.write(app_->help());
        return exit_done;
    } catch (const CLI::ArgumentMismatch& error) {
        const std::string_view text = error.what();
        return usage_error(fmt::format("{}: needs a value", text.substr(0, text.find(':'))));
    } catch (const CLI::ParseError& error) {
        const auto extras = app_->remaining();
        return usage_error(extras.empty() ? std::string(error.what()) : describe_extra(extras.front()));
    }
    const auto extras = app_->remaining();
    return extras.empty() ? apply_settings() : usage_error(describe_extra(extras.front()));
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
