// mount.yaml: what is written and what is read.
#include "famfs-cli/mount/mount_record.h"

#include <gtest/gtest.h>

namespace famfs::cli {
namespace {

TEST(MountRecord, AnyBytesOfANameSurviveTheRecord) {
    std::string every;
    for (int byte = 1; byte < 256; ++byte)
        every += static_cast<char>(byte);
    const MountRecord record{"/m" + every, "/d\xff\xfe", "/s/ä\\x41", true, "devdax"};
    const auto read = read_mount_record(write_mount_record(record));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->mountpoint, record.mountpoint);
    EXPECT_EQ(read->device, record.device);
    EXPECT_EQ(read->shadow, record.shadow);
    EXPECT_TRUE(read->own_shadow);
    EXPECT_EQ(read->mode_before, "devdax");
}

TEST(MountRecord, RecordsThatAreNoneAreNotRead) {
    for (const char* text :
         {"", "{", "[]", "null", "{}", R"({"mountpoint": 1, "device": "d", "shadow": "s"})",
          R"({"mountpoint": "m", "device": "d"})", "\xff"}) {
        EXPECT_FALSE(read_mount_record(text)) << text;
    }
    const auto foreign =
        read_mount_record(R"({"mountpoint": "m", "device": "d", "shadow": "s", "more": []})");
    ASSERT_TRUE(foreign);
    EXPECT_FALSE(foreign->own_shadow);
}

}  // namespace
}  // namespace famfs::cli
