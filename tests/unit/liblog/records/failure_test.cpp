// Why a program failed, as another program reads it.
#include "liblog/records/failure.h"

#include <gtest/gtest.h>

namespace famfs::records {
namespace {

TEST(Failure, SurvivesTheRecord) {
    for (const auto kind : {ErrorKind::usage, ErrorKind::refused, ErrorKind::corrupt, ErrorKind::unsupported,
                            ErrorKind::busy, ErrorKind::io}) {
        const auto read = read_failure(write_failure({kind, EBUSY, "/p\\x0a: \"it\" is – busy"}));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->kind, kind);
        EXPECT_EQ(read->code, EBUSY);
        EXPECT_EQ(read->message, "/p\\x0a: \"it\" is – busy");
    }
}

TEST(Failure, TheFirstOneCounts) {
    const auto read = read_failure(write_failure({ErrorKind::busy, EBUSY, "a"}) +
                                   write_failure({ErrorKind::io, EIO, "b"}) + "garbage");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->message, "a");
}

TEST(Failure, NothingElseIsRead) {
    for (const char* text :
         {"", "\n", "{}", "[]", "famfs-fused: something else holds it", R"({"kind":"busy","errno":16})",
          R"({"kind":"busy","errno":0,"message":""})", R"({"kind":"busy","errno":4096,"message":""})",
          R"({"kind":"busy","errno":-1,"message":""})", R"({"kind":"held","errno":16,"message":""})",
          R"({"kind":"busy","errno":16,"message":1})", R"({"kind":"busy","errno":16,"message":"","more":1})"})
        EXPECT_FALSE(read_failure(text)) << text;
}

}  // namespace
}  // namespace famfs::records
