// Takes a command line apart: options, and operands, which are handed on byte for byte.
#pragma once

#include "omf/error.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace famfs {

// CLI11 does the parsing, but never sees a byte of a value or an operand, so that none means anything to it.
// Options may follow operands, "-rv" is "-r -v", "-m644" is "-m 644", "--size=1G" is "--size 1G", "--" ends
// the options, and
// "-" is an operand. The word behind an option with a value is that value, whatever it looks like. Long names
// are not abbreviated. An option with a value is given once unless it repeats. The environment changes
// nothing. Not thread safe.
class ArgumentParser {
  public:
    // Takes in a value ("" for a flag). Its error's message follows the option's name.
    using Take = std::function<Result<void>(const std::string& value)>;

    // For variables that outlive parse(): the value as it is, one more value, a flag that was given.
    static Take store(std::string& value);
    static Take append(std::vector<std::string>& values);
    static Take set(bool& flag);

    struct Option {
        std::string names;  // "--long", "-s" or "-s,--long"
        std::string type;   // what stands for the value in the help text; "" for a flag, which has none
        std::string help;
        Take take;
        bool required = false;
        bool repeats = false;
        bool stops = false;  // as add_stop() has it
    };

    // Operands are dealt out in the order of their declaration; the last may stand for one or more.
    struct Operand {
        std::string name;
        std::string help;
        Take take;
        bool required = true;
        bool many = false;
    };

    void add(Option option);
    void add(Operand operand);
    // A flag, as --help, that ends the parsing: what follows it is not looked at, and nothing is required.
    void add_stop(const std::string& names, const std::string& help, bool& asked);

    // Calls what takes the words, options in their order, then operands. kind usage for what does not fit.
    Result<void> parse(std::span<const std::string> words) const;

    // Description, usage, operands and options, footer; `program` is what the usage line starts with.
    std::string help(const std::string& program, const std::string& description,
                     const std::string& footer = "") const;

  private:
    Result<void> take_operands(std::span<const std::string> operands) const;

    std::vector<Option> options_;
    std::vector<Operand> operands_;
};

}  // namespace famfs
