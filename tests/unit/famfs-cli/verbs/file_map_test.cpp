// Extents that a daemon tells.
#include "famfs-cli/verbs/file_map.h"

#include <gtest/gtest.h>

namespace famfs::cli {
namespace {

TEST(FileMap, ExtentsNameDevicesByUuidOrIndex) {
    const auto map = read_extents(
        R"({"chunk_size":2097152,"extents":[{"device":"u","offset":0,"length":18446744073709551615},)"
        R"({"device":3,"offset":1,"length":2}]})");
    ASSERT_TRUE(map);
    EXPECT_EQ(map->chunk_size, 2097152U);
    ASSERT_EQ(map->extents.size(), 2U);
    EXPECT_EQ(map->extents[0].device, "u");
    EXPECT_EQ(map->extents[0].length, UINT64_MAX);
    EXPECT_EQ(map->extents[1].device, "3");
}

TEST(FileMap, ExtentsOfAStrangeDaemonAreRefused) {
    for (const char* text : {"", "{}", "[]", R"({"chunk_size":0})", R"({"chunk_size":0,"extents":{}})",
                             R"({"chunk_size":-1,"extents":[]})", R"({"chunk_size":0,"extents":[1]})",
                             R"({"chunk_size":0,"extents":[{"device":"u","offset":0}]})",
                             R"({"chunk_size":0,"extents":[{"device":"u","offset":0.5,"length":1}]})",
                             R"({"chunk_size":0,"extents":[{"device":-1,"offset":0,"length":1}]})"}) {
        const auto map = read_extents(text);
        ASSERT_FALSE(map) << text;
        EXPECT_EQ(map.error().kind, ErrorKind::corrupt) << text;
    }
}

}  // namespace
}  // namespace famfs::cli
