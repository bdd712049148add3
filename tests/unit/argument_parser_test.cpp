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
}

TEST(ArgumentParserTest, LooksAtNothingAfterAStop) {
    const Read help = read({"--help", "--nonsense"});
    EXPECT_TRUE(help.help);
    EXPECT_EQ(help.error, "");
}

}  // namespace
}  // namespace famfs
