// A verb's command line: the options that all verbs share, and errors in our form.
#pragma once

#include "famfs-cli/ui/console.h"
#include "famfs-cli/verbs/verb.h"
#include "liblog/argument_parser.h"
#include "omf/uuid.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace famfs::cli {

// The add functions bind variables that must outlive parse(). Names are "--long", or "-s,--long".
class CommandLine {
  public:
    enum class Need { required, optional };

    // `verb` is one of the table: its summary starts the help text.
    CommandLine(Console& console, std::string_view verb);
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;

    // What the verb is about: DEVICE, or one or more PATHs.
    void add_subject(const std::string& name, std::string& value, const std::string& help,
                     Need need = Need::required);
    void add_subjects(const std::string& name, std::vector<std::string>& values, const std::string& help);

    void add_flag(const std::string& name, bool& value, const std::string& help);
    // An option with a value, not empty; `type` is what stands for it in the help text.
    void add_text(const std::string& name, std::string& value, const std::string& type,
                  const std::string& help, Need need = Need::optional);
    // The same, given as often as one likes.
    void add_texts(const std::string& name, std::vector<std::string>& values, const std::string& type,
                   const std::string& help);
    void add_size(const std::string& name, std::optional<std::uint64_t>& value, const std::string& help,
                  Need need = Need::optional);
    // An option that takes one of a few words.
    void add_choice(const std::string& name, std::string& value, const std::vector<std::string>& words,
                    const std::string& help);

    void add_uuid(const std::string& name, std::optional<omf::Uuid>& value, const std::string& help);
    void add_mode(std::optional<std::uint32_t>& value, const std::string& help);
    void add_json();      // for verbs that report
    void add_progress();  // for verbs whose work may take long

    // No value: go on. A value: help was printed or a usage error reported; exit with it.
    std::optional<int> parse(Arguments arguments);

    // Reports a usage error that is found only after parsing. Returns the exit status.
    int usage_error(const std::string& message);

  private:
    void add_value(const std::string& name, const std::string& type, const std::string& help,
                   ArgumentParser::Take take, Need need = Need::optional);
    std::string help() const;
    std::optional<int> apply_settings();

    Console& console_;
    std::string verb_;
    std::string progress_;
    bool help_wanted_ = false;
    ArgumentParser parser_;
};

}  // namespace famfs::cli
