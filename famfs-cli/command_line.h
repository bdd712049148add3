// A verb's command line: CLI11 with the options that all verbs share, and its errors in our form.
#pragma once

#include "famfs-cli/console.h"
#include "famfs-cli/verb.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace famfs::cli {

class CommandLine {
  public:
    // `verb` is one of the table: its summary starts the help text.
    CommandLine(Console& console, std::string_view verb);

    CLI::App& app() { return app_; }

    // --json, for verbs that report.
    void add_json();
    // --progress, for verbs whose work may take long.
    void add_progress();
    // An option that takes a size, or a mode. The option is unset as long as it is not given.
    CLI::Option* add_size(const std::string& name, std::optional<std::uint64_t>& value,
                          const std::string& help);
    CLI::Option* add_mode(std::optional<std::uint32_t>& value, const std::string& help);
    // What the verb is about: DEVICE, PATH…
    template <typename Value>
    CLI::Option* add_subject(const std::string& name, Value& value, const std::string& help) {
        return app_.add_option(name, value, help)->type_name("");
    }
    // An option that takes one of a few words.
    CLI::Option* add_choice(const std::string& name, std::string& value, std::vector<std::string> words,
                            const std::string& help);

    // No value: go on. A value: help was printed or a usage error reported; exit with it.
    std::optional<int> parse(Arguments arguments);

    // Reports a usage error that is found only after parsing. Returns the exit status.
    int usage_error(const std::string& message);

  private:
    std::optional<int> apply_settings();

    Console& console_;
    std::string verb_;
    std::string progress_;
    CLI::App app_;
};

}  // namespace famfs::cli
