#include "omf/uuid.h"

#include <gtest/gtest.h>

namespace famfs::omf {
namespace {

TEST(UuidTest, BothCasesAreReadAndLowerCaseIsWritten) {
    const auto uuid = parse_uuid("123E4567-e89b-12d3-A456-426614174000");
    ASSERT_TRUE(uuid);
    EXPECT_EQ(uuid->bytes[0], 0x12);
    EXPECT_EQ(uuid->bytes[1], 0x3E);
    EXPECT_EQ(uuid->bytes[15], 0);
    EXPECT_EQ(to_string(*uuid), "123e4567-e89b-12d3-a456-426614174000");
    EXPECT_EQ(to_string(Uuid{}), "00000000-0000-0000-0000-000000000000");
}

TEST(UuidTest, OnlyThe36CharactersAreAUuid) {
    const std::string good = "123e4567-e89b-12d3-a456-426614174000";
    for (const std::string& text :
         {std::string(), good.substr(1), good + "0", good + std::string(1, '\0'), " " + good.substr(1),
          "{" + good + "}", std::string("123e4567e89b12d3a456426614174000"),
          std::string("123e4567e-89b-12d3-a456-426614174000")})
        EXPECT_FALSE(parse_uuid(text)) << text;
    for (std::size_t at = 0; at < good.size(); ++at)
        for (const char c : {'\0', ' ', '+', 'g', 'x', good[at] == '-' ? '0' : '-'}) {
            std::string text = good;
            text[at] = c;
            EXPECT_FALSE(parse_uuid(text)) << text;
        }
}

}  // namespace
}  // namespace famfs::omf
