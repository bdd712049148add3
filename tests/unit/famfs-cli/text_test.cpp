// Sizes, modes and mount options as people write them.
#include "famfs-cli/mount/mount.h"
#include "famfs-cli/ui/mode.h"
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

TEST(MountOptions, CommasSeparateUnlessEscaped) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(split_mount_options(""), Words());
    EXPECT_EQ(split_mount_options("ro"), Words({"ro"}));
    EXPECT_EQ(split_mount_options(",a,,b=c,"), Words({"a", "b=c"}));
    EXPECT_EQ(split_mount_options("shadow=/a\\,b,ro"), Words({"shadow=/a,b", "ro"}));
    EXPECT_EQ(split_mount_options("a\\"), Words({"a\\"}));
}

TEST(MountOptions, EachGoesWhereItBelongs) {
    MountRequest request;
    for (const char* option :
         {"ro", "shadow=/s", "data-path=copy", "nofail", "_netdev", "x-systemd.automount", "defaults",
          "noauto", "user", "allow_other", "attr_timeout=2"}) {
        EXPECT_TRUE(take_mount_option(option, request)) << option;
    }
    EXPECT_TRUE(request.read_only);
    EXPECT_EQ(request.shadow, "/s");
    EXPECT_EQ(request.data_path, "copy");
    EXPECT_EQ(request.options, (std::vector<std::string>{"allow_other", "attr_timeout=2"}));
}

TEST(MountOptions, UnknownDataPathIsAUsageError) {
    MountRequest request;
    const auto taken = take_mount_option("data-path=fast", request);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().kind, ErrorKind::usage);
    EXPECT_EQ(request.data_path, "auto");
}

}  // namespace
}  // namespace famfs::cli
