#include "liblog/shadow/yaml_reader.h"

#include "liblog/shadow/yaml_emitter.h"
#include "liblog/shadow/yaml_parser.h"
#include "liblog/shadow/yaml_scanner.h"

#include <gtest/gtest.h>

namespace famfs::shadow::yaml {
namespace {

// The value of the only member of a mapping, read by yaml-cpp; "refused: …" if it is not read.
std::string parsed(std::string_view text) {
    const auto root = parse_any(text);
    if (!root) return "refused: " + root.error().message;
    return root->members.empty() ? "no mapping" : root->members.front().value.value;
}

const std::string form_1 =
    "file:\n"
    "  path: '/a: b'\n"
    "  size: 0x10\n"
    "  owner: -1\n"
    "  stripe:\n"
    "    chunk_size: 2097152\n"
    "    strips:\n"
    "      - device_uuid: '123e4567-e89b-12d3-a456-426614174000'\n"
    "        offset: 1\n"
    "      - device_uuid: \"\\xE9\\n\\U0001F600\"\n"
    "        offset: !!binary L/8=\n";

const std::string form_2 =
    "---\n"
    "file:\n"
    "  path: null\n"
    "  nextents: 1\n"
    "  striped_ext_list:\n"
    "  - nstrips: 4\n"
    "    simple_ext_list:\n"
    "    - devindex: 0\n"
    "      offset: 0xc00000\n"
    "  gid: -2\n"
    "...\n";

TEST(YamlReaderTest, TheScannerReadsBothFormsAsYamlCppDoes) {
    for (const std::string& text : {form_1, form_2}) {
        const auto scanned = scan(text);
        const auto any = parse_any(text);
        ASSERT_TRUE(scanned) << text;
        ASSERT_TRUE(any) << any.error().message;
        EXPECT_EQ(*scanned, *any) << text;
    }
    const Node strips = scan(form_1)->members[0].value.members[3].value.members[1].value;
    EXPECT_EQ(strips.items[1].members[0].value.value, "\xC3\xA9\n\xF0\x9F\x98\x80");
    EXPECT_EQ(strips.items[1].members[1].value.value, "/\xFF");
    EXPECT_EQ(strips.items[1].line, 10U);
    EXPECT_EQ(strips.items[1].column, 9U);
}

TEST(YamlReaderTest, TheScannerLeavesTheUnusualToYamlCpp) {
    for (const char* text : {"",
                             "a: b",
                             "a: b # c\n",
                             "# c\na: b\n",
                             "a: b\n\nc: d\n",
                             "a: b\r\n",
                             "a:\tb\n",
                             "a:  b\n",
                             "a: b \n",
                             "a: [b]\n",
                             "a: {b: c}\n",
                             "a: &b c\n",
                             "a: *b\n",
                             "a: !b c\n",
                             "a: |\n  b\n",
                             "a: b\n  c\n",
                             "a: 'b\n",
                             "a: \"b\n  c\"\n",
                             "a: \"\\/\"\n",
                             "a: \"\\ud800\"\n",
                             "a: 'b' c\n",
                             "a: 'b'c'\n",
                             "a: \"b\"c\"\n",
                             "a:\n",
                             "a:\nb: c\n",
                             "a: b: c\n",
                             "a: b:\n",
                             "a: b\na: c\n",
                             "- a\n",
                             "- - a: b\n",
                             "? a\n: b\n",
                             "A: b\n",
                             "a : b\n",
                             "a: \xC3\xA9\n",
                             "  a: b\n",
                             "a: b\n c: d\n",
                             "a:\n    b: c\n  d: e\n",
                             "a: b\n---\nc: d\n",
                             "a: b\n...\n...\n",
                             "a: !!binary L\n",
                             "a: -\n",
                             "a: - b\n",
                             "a: ?b\n",
                             "a: %b\n",
                             "a: @b\n",
                             "a: 'b\nc'\n",
                             "a: 'b\n...\n"})
        EXPECT_FALSE(scan(text)) << text;
    std::string many;
    for (char a = 'a'; a < 'd'; ++a)
        for (char b = 'a'; b <= 'z'; ++b)
            (((many += a) += b) += ": 1\n");
    EXPECT_FALSE(scan(many));
    EXPECT_FALSE(scan("a:\n b:\n  c:\n   d:\n    e:\n     f:\n      g:\n       h:\n        i: j\n"));
}

TEST(YamlReaderTest, EveryNameThatIsWrittenIsReadBack) {
    std::vector<std::string> names = {"\n\n",
                                      "a\n\n\nb\n\n",
                                      std::string(70, 'a') + " b  c d e",
                                      "\xC3\xA9" + std::string(70, 'a') + "  b c d e",
                                      "it's\nit's",
                                      "null",
                                      "~"};
    for (char a = 1; a > 0; ++a)
        for (const char b : {'a', ' ', '\n', '\'', '"', ':', '#', '\t'})
            names.push_back({a, b});
    for (const std::string& name : names) {
        std::string text = "file:\n  path: ";
        append_scalar(name, 4, text);
        const auto root = parse(text + "\n  size: 1\n");
        ASSERT_TRUE(root) << text << root.error().message;
        EXPECT_EQ(root->members[0].value.members[0].value.value, name) << text;
    }
}

TEST(YamlReaderTest, ValuesAreTextAsItStands) {
    for (const auto& [text, value] : std::initializer_list<std::pair<std::string, std::string>>{
             {"a: b # c", "b"},
             {"\xEF\xBB\xBF"
              "a: b # c",
              "b"},
             {"a: null # c", "null"},
             {"{a: ~}", "~"},
             {"a: Null\r\n", "Null"},
             {"a:\nnull: 1\n", ""},
             {"a:\nnullable: 1\n", ""},
             {"a: \xC3\xA9", "\xC3\xA9"},
             {"a: \"\\N\\_\\xe9\"", "\xC2\x85\xC2\xA0\xC3\xA9"},
             {"a: \"\xC3\xA9\\_\\_\"", "\xC3\xA9\xC2\xA0\xC2\xA0"},
             {"a: \"b\n  c\"", "b c"},
             {"a: |\n  b\n  c\n", "b\nc\n"},
             {"a: ! b", "b"},
             {"a: !!binary |\n  L/8\n  =\n", "/\xFF"},
             {"%YAML 1.1\n---\na: 010\n...\n", "010"}})
        EXPECT_EQ(parsed(text), value) << text;
}

TEST(YamlReaderTest, RefusalsNameLineAndColumn) {
    for (const auto& [text, why] : std::initializer_list<std::pair<std::string, std::string>>{
             {"", "line 1, column 1: no document"},
             {"# c\n", "no document"},
             {"a: b\n---\na: b\n", "line 2, column 1: more than one document"},
             {"a: b\n...\nc: d\n", "line 3, column 1: more than one document"},
             {"a:\n  b: &c d\n", "line 2, column 6: anchors"},
             {"&c a: b\n", "line 1, column 1: anchors"},
             {"a: &c [b]\n", "line 1, column 4: anchors"},
             {"a: *c\n", "line 1, column 4: "},
             {"a: !b c\n", "line 1, column 4: tag !b"},
             {"a: !!map {}\n", "line 1, column 4: tag"},
             {"a: !!binary [b]\n", "line 1, column 4: tag"},
             {"!2", "line 1, column 1: tag !2"},
             {"a: !!binary L\n", "line 1, column 4: not base64"},
             {"a: b\nc: d\na: e\n", "line 3, column 1: a: repeated key"},
             {"? [a]\n: b\n", "a key must be"},
             {"? {a: b}\n: b\n", "a key must be"},
             {"[[[[[[[[[[a]]]]]]]]]]", "line 1, column 10: nested"},
             {"a:\n  - 'b\n", "line 3, column 1: "},
             {"a: \"b", "line 2, column 1: "},
             {"a: [b\n", "line 2, column 1: "},
             {"a: \"\\ud800\"\n", "line 1, column "},
             {"a: b\n]\n", "line 2, column 1: "},
             {"a: b\nc: \xFF\n", "line 2, column 4: not UTF-8"},
             {"a: \xED\xA0\x80\n", "line 1, column 4: not UTF-8"},
             {"a: \xC3", "line 1, column 4: not UTF-8"},
             {std::string("a: \0b\n", 6), "line 1, column 4: a control"},
             {"a: \x04\nb: c\n", "line 1, column 4: a control"},
             {"a: b\rc\n", "line 1, column 5: a control"},
             {"a: \xC2\x80\n", "line 1, column 4: a control"},
             {"a: b\xEF\xBB\xBF\n", "line 1, column 5: a control"},
             {"a: \xEF\xBF\xBF\n", "line 1, column 4: a control"},
             {"a: b #" + std::string(max_text, 'c'), "larger than 65536 bytes"}}) {
        EXPECT_NE(parsed(text).find("refused: "), std::string::npos) << text.substr(0, 40);
        EXPECT_NE(parsed(text).find(why), std::string::npos) << text.substr(0, 40) << " -> " << parsed(text);
    }
}

// Nesting costs neither stack nor much time, however it is written.
TEST(YamlReaderTest, DeepNestingIsRefused) {
    for (const std::string_view piece : {"[", "{", "- ", "? ", "[{", "a: [", "!", "[a, ", "\n "}) {
        std::string text;
        while (text.size() + piece.size() <= max_text)
            text += piece;
        EXPECT_FALSE(parse(text)) << piece;
    }
}

}  // namespace
}  // namespace famfs::shadow::yaml
