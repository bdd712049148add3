#include "liblog/argument_parser.h"

#include <gtest/gtest.h>

namespace famfs {
namespace {

struct Read {
    bool flag = false;
    bool other = false;
    bool help = false;
    std::string value;
    std::vector<std::string> list;
    std::vector<std::string> operands;
    std::string error;
};

Read read(const std::vector<std::string>& words) {
    Read result;
    ArgumentParser parser;
    parser.add_stop("--help", "", result.help);
    parser.add(ArgumentParser::Option{"-f,--flag", "", "", ArgumentParser::set(result.flag)});
    parser.add(ArgumentParser::Option{"-o", "", "", ArgumentParser::set(result.other)});
    parser.add(ArgumentParser::Option{"-v,--value", "TEXT", "", ArgumentParser::store(result.value)});
    parser.add(
        ArgumentParser::Option{"--list", "TEXT", "", ArgumentParser::append(result.list), false, true});
    parser.add(ArgumentParser::Operand{"NAME…", "", ArgumentParser::append(result.operands), true, true});
    if (const auto parsed = parser.parse(words); !parsed) result.error = parsed.error().message;
    return result;
}

using Words = std::vector<std::string>;

TEST(ArgumentParserTest, HandsEveryOperandOnAsItIs) {
    const Words names{"", "-", "[a,b]", "\"q\"", "a,b", "a\nb", "\\", "\xff", "=", std::string("a\0b", 3)};
    EXPECT_EQ(read(names).operands, names);
    const Words options{"--", "--flag", "-v", "--", "--list=x"};
    EXPECT_EQ(read(options).operands, Words(options.begin() + 1, options.end()));
}

TEST(ArgumentParserTest, HandsEveryValueOnAsItIs) {
    for (const std::string value : {"", "-", "--", "--flag", "[a,b]", "a,b", "'q'", "=", "a=b"}) {
        EXPECT_EQ(read({"--value=" + value, "x"}).value, value);
        EXPECT_EQ(read({"--value", value, "x"}).value, value);
        EXPECT_EQ(read({"x", "-fv", value}).value, value);
        EXPECT_EQ(read({"--list", value, "--list=" + value, "x"}).list, (Words{value, value}));
    }
}

// What means something to CLI11 or to the parser around it, in some version: lists, quotes, escapes, formats,
// defaults of flags, ends of lists and subcommands, and the numbers that stand for words.
const Words special{"[a,b]",   "[",   "[]",  "[[a]]", "\"q\"",    "'q'", "`q`",    "B\"(x)\"", "{}", "{1}",
                    "%%",      "++",  "/f",  "true",  "false",    "0",   "1",      "2",        "-1", "00",
                    "1'000",   "0x1", " 1 ", "#1",    "@f",       "!f",  "--",     "---",      "-",  "",
                    "--value", "-v0", "a=b", "=",     "--list=0", "-fo", "--help", "\\x41",    "\n", "\xc3"};

TEST(ArgumentParserTest, NothingInAWordIsSpecial) {
    Words line{"x"};
    Words behind{"--"};
    for (const std::string& word : special) {
        EXPECT_EQ(read({"--value=" + word, "x"}).value, word);
        EXPECT_EQ(read({"-v", word, "x"}).value, word);
        line.insert(line.end(), {"--list", word, "--list=" + word});
        behind.push_back(word);
        if (word.empty()) continue;
        EXPECT_EQ(read({"-fv" + word, "x"}).value, word);
    }
    const auto lists = read(line);
    ASSERT_EQ(lists.list.size(), 2 * special.size());
    for (std::size_t i = 0; i < lists.list.size(); ++i)
        EXPECT_EQ(lists.list[i], special[i / 2]);
    EXPECT_EQ(read(behind).operands, special);
    EXPECT_EQ(read(behind).error, "");
}

TEST(ArgumentParserTest, TakesManyOperands) {
    Words names;
    for (int i = 0; i < 100'000; ++i)
        names.push_back(std::to_string(100'000 - i));
    EXPECT_EQ(read(names).operands, names);
}

TEST(ArgumentParserTest, TakesOptionsInTheirOrder) {
    std::vector<std::string> order;
    ArgumentParser parser;
    for (const std::string name : {"-a", "-b"})
        parser.add(ArgumentParser::Option{name, "TEXT", "", ArgumentParser::append(order), false, true});
    EXPECT_TRUE(parser.parse(Words{"-b1", "-a", "2", "-b", "3", "-a4"}));
    EXPECT_EQ(order, (Words{"1", "2", "3", "4"}));
}

TEST(ArgumentParserTest, TakesBundles) {
    const Read flags = read({"x", "-fo"});
    EXPECT_TRUE(flags.flag && flags.other);
    const Read attached = read({"-fvo", "x"});
    EXPECT_TRUE(attached.flag);
    EXPECT_FALSE(attached.other);
    EXPECT_EQ(attached.value, "o");
    EXPECT_EQ(attached.operands, Words{"x"});
}

TEST(ArgumentParserTest, RefusesWhatItDoesNotKnow) {
    EXPECT_EQ(read({"x", "--nonsense=1"}).error, "--nonsense: unknown option");
    EXPECT_EQ(read({"x", "-fz"}).error, "-z: unknown option");
    EXPECT_EQ(read({"x", "--fla"}).error, "--fla: unknown option");
    EXPECT_EQ(read({"x", "---"}).error, "---: unknown option");
    EXPECT_EQ(read({"x", "-\x1b"}).error, "-\\x1b: unknown option");
    EXPECT_EQ(read({"x", "--value"}).error, "--value: needs a value");
    EXPECT_EQ(read({"x", "-v"}).error, "-v: needs a value");
    EXPECT_EQ(read({"x", "--flag="}).error, "--flag: takes no value");
    EXPECT_EQ(read({"-v1", "--value=2", "x"}).error, "--value: given more than once");
    EXPECT_EQ(read({"-f"}).error, "NAME… is required");
    EXPECT_EQ(read({"x", "--fl", "--value"}).error, "--fl: unknown option");
    EXPECT_EQ(read({"x", "-zf", "-ov"}).error, "-z: unknown option");
    EXPECT_EQ(read({"x", "-f-", "y"}).error, "--: unknown option");
    EXPECT_EQ(read({"x", "-f-v", "y"}).error, "--: unknown option");
    EXPECT_EQ(read({"x", "-1"}).error, "-1: unknown option");
    EXPECT_EQ(read({"x", "--flag=true"}).error, "--flag: takes no value");
    EXPECT_EQ(read({"x", "--help=0"}).error, "--help: takes no value");
    EXPECT_EQ(read({"x", "--=1"}).error, "--: unknown option");
}

TEST(ArgumentParserTest, LooksAtNothingAfterAStop) {
    const Read help = read({"--help", "--nonsense"});
    EXPECT_TRUE(help.help);
    EXPECT_EQ(help.error, "");
    EXPECT_TRUE(read({"-f", "--help", "--value"}).flag);
    EXPECT_EQ(read({"--nonsense", "--help"}).error, "--nonsense: unknown option");
}

TEST(ArgumentParserTest, ExplainsEverything) {
    bool help = false;
    std::string text;
    ArgumentParser parser;
    parser.add_stop("-h,--help", "Show this", help);
    parser.add(ArgumentParser::Option{"--size", "SIZE", "How large", ArgumentParser::store(text), true});
    parser.add(ArgumentParser::Operand{"SRC… DEST", "Where to", ArgumentParser::store(text)});
    const std::string shown = parser.help("famfs verb", "Does it.\n", "Manual: man famfs");
    for (const auto* part : {"Does it.", "famfs verb [OPTIONS] SRC…\u00a0DEST", "Where to", "--help",
                             "Show this", "--size SIZE REQUIRED", "How large", "Manual: man famfs"})
        EXPECT_NE(shown.find(part), std::string::npos) << part << " in " << shown;
    EXPECT_EQ(parser.parse(Words{"x"}).error().message, "--size is required");
}

}  // namespace
}  // namespace famfs
