// The record of what a kernel offers, and what follows from it for a pool.
#include "liblog/records/capabilities.h"

#include "liblog/records/json.h"

#include <gtest/gtest.h>

namespace famfs::records {
namespace {

constexpr std::uint64_t two_mib = std::uint64_t{2} << 20;

Capabilities mixed() {
    return {.maps = {Lack::raw_io, "this process lacks CAP_SYS_RAWIO"},
            .passthrough = {},
            .module = {Lack::module, "/dev/famfs_dax: \xff\\ no"},
            .kernel_abi = "v10",
            .map_unit = 4096};
}

TEST(Capabilities, SurviveTheRecord) {
    EXPECT_EQ(read_capabilities(write_capabilities(mixed())), mixed());
    EXPECT_EQ(read_capabilities(write_capabilities({})), Capabilities{});
    for (const auto lack : {Lack::raw_io, Lack::root, Lack::answer, Lack::kernel_support, Lack::module}) {
        const Capabilities record{.maps = {lack, "why"}, .passthrough = {}, .module = {}};
        EXPECT_EQ(read_capabilities(write_capabilities(record)), record) << name(lack);
    }
}

// Each change alone makes the record none.
TEST(Capabilities, NothingElseIsRead) {
    const auto changed = [](auto change) {
        Json record = Json::parse(write_capabilities(mixed()));
        change(record);
        return read_capabilities(record.dump());
    };
    ASSERT_TRUE(changed([](Json&) {}));
    EXPECT_FALSE(changed([](Json& record) { record.erase("maps"); }));
    EXPECT_FALSE(changed([](Json& record) { record["more"] = 1; }));
    EXPECT_FALSE(changed([](Json& record) { record["map_unit"] = 0; }));
    EXPECT_FALSE(changed([](Json& record) { record["map_unit"] = -1; }));
    EXPECT_FALSE(changed([](Json& record) { record["kernel_abi"] = nullptr; }));
    EXPECT_FALSE(changed([](Json& record) { record["maps"] = true; }));
    EXPECT_FALSE(changed([](Json& record) { record["maps"]["available"] = true; }));
    EXPECT_FALSE(changed([](Json& record) { record["maps"]["reason"] = "unit"; }));
    EXPECT_FALSE(changed([](Json& record) { record["maps"]["reason"] = ""; }));
    EXPECT_FALSE(changed([](Json& record) { record["maps"].erase("message"); }));
    EXPECT_FALSE(changed([](Json& record) { record["passthrough"]["available"] = false; }));
    for (const char* text : {"", "{", "[]", "null", "iomap: yes\nextfile: yes\n"}) {
        const auto read = read_capabilities(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().kind, ErrorKind::corrupt) << text;
    }
}

TEST(Capabilities, IomapWantsMapsAndTheirUnit) {
    Capabilities kernel;
    EXPECT_TRUE(check_path(KernelPath::iomap, kernel, two_mib).available());
    EXPECT_EQ(check_path(KernelPath::iomap, kernel, two_mib / 2).lack, Lack::unit);
    kernel.maps = {Lack::kernel_support, "no maps"};
    EXPECT_EQ(check_path(KernelPath::iomap, kernel, two_mib / 2), kernel.maps);
    EXPECT_TRUE(check_path(KernelPath::extfile, kernel, two_mib / 2).available());
}

TEST(Capabilities, ExtfileNamesTheModuleOnlyIfNothingElseIsMissing) {
    Capabilities kernel;
    kernel.module = {Lack::module, "no module"};
    EXPECT_EQ(check_path(KernelPath::extfile, kernel, two_mib), kernel.module);
    kernel.passthrough = {Lack::root, "only root may use it"};
    EXPECT_EQ(check_path(KernelPath::extfile, kernel, two_mib), kernel.passthrough);
    EXPECT_TRUE(check_path(KernelPath::iomap, kernel, two_mib).available());
}

TEST(Capabilities, PathsHaveNames) {
    for (const auto path : kernel_paths)
        EXPECT_EQ(parse_kernel_path(name(path)), path);
    for (const char* text : {"", "auto", "copy", "iomap "})
        EXPECT_FALSE(parse_kernel_path(text)) << text;
}

}  // namespace
}  // namespace famfs::records
