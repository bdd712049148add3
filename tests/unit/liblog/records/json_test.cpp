// Names of any bytes in JSON, and members that came from outside.
#include "liblog/records/json.h"

#include <gtest/gtest.h>

namespace famfs::records {
namespace {

TEST(RecordsJson, AnyBytesSurviveADocument) {
    std::string every;
    for (int byte = 1; byte < 256; ++byte)
        every += static_cast<char>(byte);
    for (const std::string& text : {every, std::string("\\x41"), std::string("ä\xc3("), std::string()}) {
        const Json read = Json::parse(document({{"name", bytes(text)}}));
        EXPECT_EQ(bytes_at(read, "name"), text);
    }
}

TEST(RecordsJson, AMemberOfAnotherTypeIsNone) {
    const Json value = Json::parse(R"({"text":"a","number":1,"negative":-1,"flag":true,"null":null})");
    EXPECT_EQ(number_at(value, "number"), 1U);
    EXPECT_EQ(flag_at(value, "flag"), true);
    for (const char* key : {"text", "negative", "flag", "null", "missing"})
        EXPECT_FALSE(number_at(value, key)) << key;
    for (const char* key : {"number", "flag", "null", "missing"})
        EXPECT_FALSE(bytes_at(value, key)) << key;
    for (const char* key : {"number", "text", "null", "missing"})
        EXPECT_FALSE(flag_at(value, key)) << key;
    EXPECT_FALSE(bytes_at(Json::array(), "text"));
    EXPECT_FALSE(bytes_at(Json::parse("{", nullptr, false), "text"));
}

}  // namespace
}  // namespace famfs::records
