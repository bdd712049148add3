#include "liblog/argument_parser.h"

#include "liblog/parse_number.h"
#include "omf/path.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>

namespace famfs {
namespace {

std::unexpected<Error> usage(const std::string& message) {
    return fail(ErrorKind::usage, EINVAL, message);
}

// Ends CLI11's work at an option that stops the parsing.
struct Stopped : CLI::Success {
    Stopped() : CLI::Success("Stopped", CLI::ExitCodes::Success) {}
};

bool takes_value(const CLI::Option* option) {
    return option != nullptr && option->get_items_expected_min() > 0;
}

// What CLI11 reports for a flag, unless somebody gave it a value.
constexpr std::string_view plain_flag = "true";

CLI::Option* declare_flag(CLI::App& app, const ArgumentParser::Option& option) {
    CLI::Option* const flag = app.add_flag(option.names, option.help);
    flag->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (option.stops) flag->each([](const std::string&) { throw Stopped(); })->trigger_on_parse();
    return flag;
}

CLI::Option* declare(CLI::App& app, const ArgumentParser::Option& option) {
    if (option.type.empty()) return declare_flag(app, option);
    CLI::Option* const declared = app.add_option(option.names)->description(option.help);
    declared->type_name(option.type + (option.repeats ? " …" : ""));
    declared->expected(1)->allow_extra_args(false)->required(option.required);
    if (option.repeats) declared->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    return declared;
}

void declare(CLI::App& app, const ArgumentParser::Operand& operand) {
    // From 2.4 on CLI11 refuses a blank in a name; one that does not break looks the same.
    std::string name = operand.name;
    if (const auto blank = name.find(' '); blank != std::string::npos) name.replace(blank, 1, "\u00a0");
    app.add_option(name)->description(operand.help)->type_name("")->required(operand.required);
}

// Keeps texts from CLI11, which finds a number in their place. Numbers are no options, and mean nothing to
// it.
class Shield {
  public:
    explicit Shield(const CLI::App& app) : app_(app) {}

    // The words as CLI11 may see them: names of options, and numbers.
    std::vector<std::string> cover(std::span<const std::string> words);
    const std::string& text(std::string_view number) const {
        return texts_.at(parse_number<std::size_t>(number).value());
    }

  private:
    std::string number(std::string_view text) {
        texts_.emplace_back(text);
        return std::to_string(texts_.size() - 1);
    }
    std::string cover_long(const std::string& word);
    std::string cover_bundle(const std::string& word);

    const CLI::App& app_;
    std::vector<std::string> texts_;
    bool value_follows_ = false;
};

std::string Shield::cover_long(const std::string& word) {
    if (const auto equals = word.find('='); equals != std::string::npos)
        return word.substr(0, equals + 1) + number(word.substr(equals + 1));
    value_follows_ = takes_value(app_.get_option_no_throw(word));
    return word;
}

// "-rv", "-m644", "-rm 644": flags, up to one that takes the rest, or the next word.
std::string Shield::cover_bundle(const std::string& word) {
    for (std::size_t end = 2; end <= word.size(); ++end) {
        const CLI::Option* const option = app_.get_option_no_throw({'-', word[end - 1]});
        if (option == nullptr) return word.substr(0, end);  // CLI11 will not know it either
        if (!takes_value(option)) continue;
        value_follows_ = end == word.size();
        return value_follows_ ? word : word.substr(0, end) + number(word.substr(end));
    }
    return word;
}

std::vector<std::string> Shield::cover(std::span<const std::string> words) {
    std::vector<std::string> covered;
    covered.reserve(words.size());
    bool options_end = false;
    for (const std::string& word : words) {
        if (options_end || value_follows_ || word.size() < 2 || word.front() != '-') {
            covered.push_back(number(word));
            value_follows_ = false;
        } else if (word == "--") {
            options_end = true;
        } else {
            covered.push_back(word[1] == '-' ? cover_long(word) : cover_bundle(word));
        }
    }
    return covered;
}

// One parsing of a command line.
class Parsing {
  public:
    explicit Parsing(std::span<const ArgumentParser::Option> options) {
        app_.set_help_flag();
        app_.allow_extras();
        for (const auto& each : options)
            declared_.emplace(declare(app_, each), Declared{each});
    }

    Result<void> run(std::span<const std::string> words);
    Result<void> take_options();

    // Valid after run().
    const std::vector<std::string>& operands() const { return operands_; }
    bool stopped() const { return stopped_; }

  private:
    struct Declared {
        const ArgumentParser::Option& option;
        std::size_t taken = 0;  // how many of its values
    };

    Result<void> parse(std::vector<std::string> covered);
    std::string describe_mismatch(const std::string& last) const;
    Result<void> sort_extras();
    Result<void> take(const CLI::Option& given, Declared& declared);

    CLI::App app_;
    Shield shield_{app_};
    std::map<const CLI::Option*, Declared> declared_;
    std::vector<std::string> operands_;
    bool stopped_ = false;
};

// Which of the two it is. A value can only be missing at the end of the line: `last` names the option as it
// was typed.
std::string Parsing::describe_mismatch(const std::string& last) const {
    for (const auto& [option, declared] : declared_)
        if (option->count() > 1 && takes_value(option) && !declared.option.repeats)
            return option->get_name() + ": given more than once";
    return (last.starts_with("--") ? last : fmt::format("-{}", last.back())) + ": needs a value";
}

Result<void> Parsing::parse(std::vector<std::string> covered) {
    const std::string last = covered.empty() ? "" : covered.back();
    std::ranges::reverse(covered);  // CLI11 takes them from the end
    try {
        app_.parse(std::move(covered));
    } catch (const Stopped&) {
        stopped_ = true;
    } catch (const CLI::ArgumentMismatch&) {
        return usage(describe_mismatch(last));
    } catch (const CLI::ParseError& error) {
        return usage(error.what());
    }
    return {};
}

// What CLI11 left: operands, as numbers, and options that it does not know.
Result<void> Parsing::sort_extras() {
    for (const std::string& extra : app_.remaining()) {
        if (extra.starts_with('-'))
            return usage(omf::printable(extra.substr(0, extra.find('='))) + ": unknown option");
        operands_.push_back(shield_.text(extra));
    }
    return {};
}

Result<void> Parsing::run(std::span<const std::string> words) {
    const auto parsed = parse(shield_.cover(words));
    if (auto sorted = sort_extras(); !sorted) return sorted;
    return parsed;
}

Result<void> Parsing::take(const CLI::Option& given, Declared& declared) {
    const std::string& result = given.results().at(declared.taken++);
    const bool flag = !takes_value(&given);
    if (flag && result != plain_flag) return usage(given.get_name() + ": takes no value");
    auto taken = declared.option.take(flag ? "" : shield_.text(result));
    if (taken) return {};
    return fail(taken.error().kind, taken.error().code,
                fmt::format("{}: {}", given.get_name(), taken.error().message));
}

Result<void> Parsing::take_options() {
    for (const CLI::Option* each : app_.parse_order())
        if (auto taken = take(*each, declared_.at(each)); !taken) return taken;
    return {};
}

}  // namespace

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
    options_.push_back(std::move(option));
}

void ArgumentParser::add(Operand operand) {
    operands_.push_back(std::move(operand));
}

void ArgumentParser::add_stop(const std::string& names, const std::string& help, bool& asked) {
    options_.push_back({names, "", help, set(asked), false, false, true});
}

Result<void> ArgumentParser::take_operands(std::span<const std::string> words) const {
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

Result<void> ArgumentParser::parse(std::span<const std::string> words) const {
    Parsing parsing(options_);
    if (auto run = parsing.run(words); !run) return run;
    if (auto taken = parsing.take_options(); !taken) return taken;
    return parsing.stopped() ? Result<void>() : take_operands(parsing.operands());
}

std::string ArgumentParser::help(const std::string& program, const std::string& description,
                                 const std::string& footer) const {
    CLI::App app(description, program);
    app.set_help_flag();
    app.footer(footer);
    for (const Option& each : options_)
        declare(app, each);
    for (const Operand& each : operands_)
        declare(app, each);
    return app.help();
}

}  // namespace famfs
