#include "omf/path.h"

#include "omf/error.h"

#include <gtest/gtest.h>

namespace famfs::omf {
namespace {

Rule rule_of(std::string_view text) {
    const auto parsed = Path::parse(text);
    return parsed ? Rule::count_ : parsed.error().rule;
}

TEST(PathTest, AcceptsAnyBytesButNulAndSlash) {
    for (const char* text : {"a", "a/b", "..a", "a..", "...", ".hidden", "\xff\xfe", "a b\n", "a/.b/c"})
        EXPECT_EQ(rule_of(text), Rule::count_) << text;
    EXPECT_EQ(rule_of(std::string(79, 'x')), Rule::count_);
}

TEST(PathTest, RefusesWhatLeavesTheRoot) {
    EXPECT_EQ(rule_of(""), Rule::path_empty);
    EXPECT_EQ(rule_of("/a"), Rule::path_absolute);
    for (const char* text : {".", "..", "a/..", "../a", "a/../b", "a//b", "a/", "a/./b"})
        EXPECT_EQ(rule_of(text), Rule::path_component) << text;
    EXPECT_EQ(rule_of(std::string(80, 'x')), Rule::path_too_long);
    EXPECT_EQ(rule_of(std::string_view("a\0b", 3)), Rule::path_component);
}

TEST(PathTest, TellsParentAndName) {
    EXPECT_EQ(Path::parse("a/b/c")->parent(), "a/b");
    EXPECT_EQ(Path::parse("a/b/c")->name(), "c");
    EXPECT_EQ(Path::parse("c")->parent(), "");
    EXPECT_EQ(Path::parse("c")->name(), "c");
}

TEST(PathTest, KnowsTheReservedNames) {
    EXPECT_TRUE(Path::parse(".meta")->is_reserved());
    EXPECT_TRUE(Path::parse(".meta/.log")->is_reserved());
    EXPECT_FALSE(Path::parse(".metal")->is_reserved());
    EXPECT_FALSE(Path::parse("a/.meta")->is_reserved());
}

TEST(PathTest, KnowsUtf8) {
    for (const char* text : {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\x7f"})
        EXPECT_TRUE(is_utf8(text)) << text;
    for (const char* text :
         {"\xff", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\x80"})
        EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(PathTest, PrintableEscapesWhatATerminalWouldObey) {
    EXPECT_EQ(printable("a\nb"), "a\\x0ab");
    EXPECT_EQ(printable("\x1b[2J"), "\\x1b[2J");
    EXPECT_EQ(printable("\xff"), "\\xff");
    EXPECT_EQ(printable("a\\b"), "a\\x5cb");
    EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");
    EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae") << "right-to-left override";
    EXPECT_EQ(printable("\xef\xbb\xbf"), "\\xef\\xbb\\xbf") << "byte order mark";
    EXPECT_EQ(printable("\xf0\x9f\x98\x80 \xe4\xb8\xad"), "\xf0\x9f\x98\x80 \xe4\xb8\xad");
}

TEST(PathTest, OneLineLeavesWhatIsPrintableAlready) {
    for (const char* text :
         {"a\nb", "\x1b[2J", "\xff", "\xc2\x9b", "\xe2\x80\xae", "caf\xc3\xa9", "plain", ""}) {
        EXPECT_EQ(one_line(text), printable(text));
        EXPECT_EQ(one_line(printable(text)), printable(text));
    }
    EXPECT_EQ(one_line("a\\b"), "a\\b");
    EXPECT_EQ(one_line("a\\b\n"), "a\\b\\x0a");
}

TEST(PathTest, NoErrorHasMoreThanOneLine) {
    EXPECT_EQ(fail(ErrorKind::corrupt, EUCLEAN, "a\nb\x1b[2J").error().message, "a\\x0ab\\x1b[2J");
    EXPECT_EQ(fail_errno(ENOENT,
                         "\xc2\x9b"
                         "0m")
                  .error()
                  .message,
              "\\xc2\\x9b0m: No such file or directory");
    EXPECT_EQ((Error{ErrorKind::io, EIO, "\xff"}).message, "\\xff");
}

}  // namespace
}  // namespace famfs::omf
