// Permission bits as people write them.
#include "famfs-cli/ui/mode.h"

#include <gtest/gtest.h>

namespace famfs::cli {
namespace {

TEST(Mode, OctalOnly) {
    EXPECT_EQ(parse_mode("0"), 0U);
    EXPECT_EQ(parse_mode("644"), 0644U);
    EXPECT_EQ(parse_mode("0755"), 0755U);
    EXPECT_EQ(parse_mode("07777"), 07777U);
    for (const char* text : {"", "8", "10000", "u+x", "0x1ff", "-1", "644 ", "000644"}) {
        const auto parsed = parse_mode(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().kind, ErrorKind::usage) << text;
    }
}

}  // namespace
}  // namespace famfs::cli
