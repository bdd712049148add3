// JSON made and read by famfs-cli/json.
#include "famfs-cli/verbs/json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace famfs::cli {
namespace {

TEST(Json, AnyBytesOfANameSurviveTheRecord) {
    std::string every;
    for (int byte = 1; byte < 256; ++byte)
        every += static_cast<char>(byte);
    const MountRecord record{"/m" + every, "/d\xff\xfe", "/s/ä\\x41", true, "devdax"};
    const auto read = json::read_mount_record(json::write_mount_record(record));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->mountpoint, record.mountpoint);
    EXPECT_EQ(read->device, record.device);
    EXPECT_EQ(read->shadow, record.shadow);
    EXPECT_TRUE(read->own_shadow);
    EXPECT_EQ(read->mode_before, "devdax");
}

TEST(Json, RecordsThatAreNoneAreNotRead) {
    for (const char* text :
         {"", "{", "[]", "null", "{}", R"({"mountpoint": 1, "device": "d", "shadow": "s"})",
          R"({"mountpoint": "m", "device": "d"})", "\xff"}) {
        EXPECT_FALSE(json::read_mount_record(text)) << text;
    }
    const auto foreign =
        json::read_mount_record(R"({"mountpoint": "m", "device": "d", "shadow": "s", "more": []})");
    ASSERT_TRUE(foreign);
    EXPECT_FALSE(foreign->own_shadow);
}

TEST(Json, ExtentsNameDevicesByUuidOrIndex) {
    const auto map = json::read_extents(
        R"({"chunk_size":2097152,"extents":[{"device":"u","offset":0,"length":18446744073709551615},)"
        R"({"device":3,"offset":1,"length":2}]})");
    ASSERT_TRUE(map);
    EXPECT_EQ(map->chunk_size, 2097152U);
    ASSERT_EQ(map->extents.size(), 2U);
    EXPECT_EQ(map->extents[0].device, "u");
    EXPECT_EQ(map->extents[0].length, UINT64_MAX);
    EXPECT_EQ(map->extents[1].device, "3");
}

TEST(Json, ExtentsOfAStrangeDaemonAreRefused) {
    for (const char* text : {"", "{}", "[]", R"({"chunk_size":0})", R"({"chunk_size":0,"extents":{}})",
                             R"({"chunk_size":-1,"extents":[]})", R"({"chunk_size":0,"extents":[1]})",
                             R"({"chunk_size":0,"extents":[{"device":"u","offset":0}]})",
                             R"({"chunk_size":0,"extents":[{"device":"u","offset":0.5,"length":1}]})",
                             R"({"chunk_size":0,"extents":[{"device":-1,"offset":0,"length":1}]})"}) {
        const auto map = json::read_extents(text);
        ASSERT_FALSE(map) << text;
        EXPECT_EQ(map.error().kind, ErrorKind::corrupt) << text;
    }
}

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

TEST(Json, ProgressLeavesOutWhatIsUnknown) {
    EXPECT_EQ(json::progress({"cp", 1, 2, 3, 0, std::nullopt}),
              R"({"operation":"cp","done":1,"total":2,"files":3,"rate":0})");
    EXPECT_EQ(json::progress({"cp", 1, 2, 3, 4, 5}),
              R"({"operation":"cp","done":1,"total":2,"files":3,"rate":4,"seconds_left":5})");
}

}  // namespace
}  // namespace famfs::cli
