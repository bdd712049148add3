// The reports of --json.
#include "famfs-cli/verbs/json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace famfs::cli {
namespace {

TEST(Json, AFindingWithBytesThatAreNotUtf8IsStillADocument) {
    CheckReport report;
    report.device = "/p\xc3(";
    report.findings.push_back({7, {omf::Rule::path_taken, 0, 0, 0}, "a\n\xff\\b"});
    const auto document = nlohmann::json::parse(json::fsck(report));
    EXPECT_EQ(document["device"], "/p\\xc3(");
    EXPECT_EQ(document["findings"][0]["entry"], 7);
    EXPECT_EQ(document["findings"][0]["path"], "a\\x0a\\xff\\x5cb");
    EXPECT_EQ(document["findings"][0]["rule"], std::string(omf::name(omf::Rule::path_taken)));
}

TEST(Json, ADumpIsOneDocument) {
    DumpedEntry bad;
    bad.index = 1;
    bad.claimed_path = "\x80";
    bad.violation = omf::Violation{omf::Rule::entry_crc, 1, 2, 0};
    DumpedEntry good;
    good.value = omf::Directory{*omf::Path::parse("d"), 1, 2, 0750};
    std::string text = json::dump_begin("/p", {});
    text += json::dump_entry(good);
    text += json::dump_separator;
    text += json::dump_entry(bad);
    text += json::dump_end(1);
    const auto document = nlohmann::json::parse(text);
    EXPECT_EQ(document["entries"].size(), 2U);
    EXPECT_EQ(document["entries"][0]["mode"], "0750");
    EXPECT_TRUE(document["entries"][0]["violation"].is_null());
    EXPECT_EQ(document["entries"][1]["type"], "undecoded");
    EXPECT_EQ(document["entries"][1]["violation"]["value"], 1);
    EXPECT_EQ(document["findings"], 1);
}

}  // namespace
}  // namespace famfs::cli
