// Sizes as people write and read them.
#include "famfs-cli/ui/size.h"

#include <gtest/gtest.h>

namespace famfs::cli {
namespace {

TEST(Size, UnitsArePowersOf1024) {
    EXPECT_EQ(parse_size("0"), 0U);
    EXPECT_EQ(parse_size("1"), 1U);
    EXPECT_EQ(parse_size("4096"), 4096U);
    EXPECT_EQ(parse_size("4K"), 4096U);
    EXPECT_EQ(parse_size("4k"), 4096U);
    EXPECT_EQ(parse_size("2M"), std::uint64_t{2} << 20);
    EXPECT_EQ(parse_size("2MiB"), std::uint64_t{2} << 20);
    EXPECT_EQ(parse_size("3G"), std::uint64_t{3} << 30);
    EXPECT_EQ(parse_size("8TiB"), std::uint64_t{8} << 40);
}

TEST(Size, LimitIsWhatAFileOffsetCanSay) {
    EXPECT_EQ(parse_size("9223372036854775807"), std::uint64_t{INT64_MAX});
    EXPECT_EQ(parse_size("8388607T"), std::uint64_t{8388607} << 40);
    for (const char* text : {"9223372036854775808", "8388608T", "18446744073709551615",
                             "18446744073709551616", "99999999999999999999999", "17179869184G"}) {
        const auto parsed = parse_size(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().kind, ErrorKind::usage) << text;
        EXPECT_EQ(parsed.error().code, ERANGE) << text;
    }
}

TEST(Size, AnythingElseIsRefusedByName) {
    for (const char* text : {"", " ", "K", "-1", "+1", "1 K", "1KB", "1Ki", "1iB", "1.5G", "0x10", "1e3",
                             "1KK", "1P", " 1", "1 ", "12X"}) {
        const auto parsed = parse_size(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().kind, ErrorKind::usage) << text;
        EXPECT_NE(parsed.error().message.find(text), std::string::npos) << text;
    }
}

TEST(Size, ReadableKeepsOneDigit) {
    EXPECT_EQ(readable_size(0), "0 B");
    EXPECT_EQ(readable_size(1023), "1023 B");
    EXPECT_EQ(readable_size(1024), "1.0 KiB");
    EXPECT_EQ(readable_size(1536), "1.5 KiB");
    EXPECT_EQ(readable_size((1 << 20) - 1), "1.0 MiB");
    EXPECT_EQ(readable_size(std::uint64_t{8} << 40), "8.0 TiB");
    EXPECT_EQ(readable_size(UINT64_MAX), "16.0 EiB");
    EXPECT_EQ(exact_size(2048), "2.0 KiB (2048 bytes)");
    EXPECT_EQ(exact_size(7), "7 B");
}

}  // namespace
}  // namespace famfs::cli
