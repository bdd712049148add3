#include "famfs-fused/fuse/maps/file_map.h"
#include "famfs-fused/fuse/maps/kernel_abi.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace famfs::fused {
namespace {

constexpr std::uint64_t bit_43 = std::uint64_t{1} << 43;
constexpr std::uint64_t unit = 0x200000;

const KernelAbi& abi(std::string_view name) {
    for (const KernelAbi& row : kernel_abis())
        if (row.name == name) return row;
    throw std::runtime_error("no such abi");
}

std::string detected(AbiChoice choice, std::uint32_t minor, std::uint64_t flags, bool symbol) {
    const Detection found =
        detect_kernel_abi(choice, {minor, flags}, [symbol](std::string_view) { return symbol; });
    EXPECT_FALSE(found.reason.empty());
    return found.abi == nullptr ? "" : std::string(found.abi->name);
}

TEST(KernelAbiTest, BitMinorAndSymbolMakeV10) {
    EXPECT_EQ(detected(AbiChoice::automatic, 45, bit_43, true), "v10");
    EXPECT_EQ(detected(AbiChoice::automatic, 45, bit_43, false), "");
    EXPECT_EQ(detected(AbiChoice::automatic, 45, 0, true), "");
    EXPECT_EQ(detected(AbiChoice::automatic, 44, bit_43, true), "");
    EXPECT_EQ(detected(AbiChoice::automatic, 46, bit_43, true), "");
    EXPECT_EQ(detected(AbiChoice::automatic, 99, bit_43, true), "");
}

TEST(KernelAbiTest, TheOperatorsWordStandsForTheSymbolAlone) {
    EXPECT_EQ(detected(AbiChoice::v10, 45, bit_43, false), "v10");
    EXPECT_EQ(detected(AbiChoice::v10, 46, bit_43, false), "");
    EXPECT_EQ(detected(AbiChoice::v10, 45, ~bit_43, false), "");
    EXPECT_EQ(detected(AbiChoice::next, 99, bit_43, false), "next");
    EXPECT_EQ(detected(AbiChoice::next, 46, bit_43, false), "");
    EXPECT_EQ(detected(AbiChoice::none, 45, bit_43, true), "");
}

TEST(KernelAbiTest, LooksForTheSymbolOnlyWhereItDecides) {
    int asked = 0;
    const auto count = [&](std::string_view name) {
        EXPECT_EQ(name, "famfs_fuse_iomap_begin");
        ++asked;
        return true;
    };
    detect_kernel_abi(AbiChoice::automatic, {46, bit_43}, count);
    detect_kernel_abi(AbiChoice::automatic, {45, 0}, count);
    detect_kernel_abi(AbiChoice::v10, {45, bit_43}, count);
    EXPECT_EQ(asked, 0);
    detect_kernel_abi(AbiChoice::automatic, {45, bit_43}, count);
    EXPECT_EQ(asked, 1);
}

TEST(KernelAbiTest, KnowsTheRunningKernelsSymbols) {
    EXPECT_FALSE(kernel_has_symbol("no_kernel_has_a_symbol_of_this_name"));
}

TEST(KernelAbiTest, NamesAreThoseOfTheOption) {
    EXPECT_EQ(parse_kernel_abi("auto"), AbiChoice::automatic);
    EXPECT_EQ(parse_kernel_abi("v10"), AbiChoice::v10);
    EXPECT_EQ(parse_kernel_abi("next"), AbiChoice::next);
    EXPECT_EQ(parse_kernel_abi("none"), AbiChoice::none);
    EXPECT_EQ(parse_kernel_abi("V10"), std::nullopt);
}

class FileMapTest : public testing::Test {
  protected:
    std::vector<omf::Extent> extents(std::size_t count) {
        std::vector<omf::Extent> made;
        for (std::size_t number = 0; number < count; ++number)
            made.push_back({0, (10 + 2 * number) * unit, unit});
        return made;
    }
    // 0, or the error's errno.
    int refusal(const KernelAbi& kernel, const omf::LayoutView& layout, std::uint64_t size = 1) {
        const auto map = encode_map(kernel, {.size = size, .layout = layout}, kernel.max_map);
        if (map) return 0;
        EXPECT_FALSE(map.error().message.empty());
        return map.error().code;
    }
};

TEST_F(FileMapTest, LimitsOfV10) {
    EXPECT_EQ(refusal(abi("v10"), {0, extents(32)}), 0);
    EXPECT_EQ(refusal(abi("v10"), {0, extents(33)}), E2BIG);
    EXPECT_EQ(refusal(abi("v10"), {unit, extents(32)}), 0);
    EXPECT_EQ(refusal(abi("v10"), {unit, extents(33)}), E2BIG);
    EXPECT_EQ(refusal(abi("v10"), {0, {}}), E2BIG);
    EXPECT_EQ(refusal(abi("v10"), {unit / 2, extents(2)}), EINVAL);
    EXPECT_EQ(refusal(abi("v10"), {std::uint64_t{1} << 32, extents(2)}), EINVAL);
    EXPECT_EQ(refusal(abi("v10"), {std::uint64_t{1} << 31, extents(2)}), 0);
}

TEST_F(FileMapTest, NamesNoDeviceThatTheKernelDoesNotTake) {
    auto listed = extents(2);
    for (const auto& [device, v10, next] :
         {std::tuple{0U, 0, 0}, {1U, ENXIO, 0}, {63U, ENXIO, 0}, {64U, ENXIO, ENXIO}}) {
        listed[1].device = device;
        EXPECT_EQ(refusal(abi("v10"), {0, listed}), v10) << device;
        EXPECT_EQ(refusal(abi("next"), {0, listed}), next) << device;
    }
    listed[1].device = ~std::uint64_t{0};
    EXPECT_EQ(refusal(abi("next"), {0, listed}), ENXIO);
}

TEST_F(FileMapTest, SendsNothingThatIsNotAligned) {
    for (const KernelAbi& kernel : kernel_abis()) {
        for (const std::uint64_t wrong : {std::uint64_t{4096}, unit / 2, unit + 1}) {
            auto listed = extents(2);
            listed[1].offset += wrong;
            EXPECT_EQ(refusal(kernel, {0, listed}), EINVAL);
            listed = extents(2);
            listed[0].length += wrong;
            EXPECT_EQ(refusal(kernel, {0, listed}), EINVAL);
        }
    }
}

TEST_F(FileMapTest, IsAsLongAsItSays) {
    const auto three = extents(3);
    for (const KernelAbi& kernel : kernel_abis()) {
        for (const omf::LayoutView& layout : {omf::LayoutView{0, three}, omf::LayoutView{unit, three}}) {
            const MapSource source{.size = 3 * unit, .layout = layout};
            const auto size = map_bytes(kernel, source);
            ASSERT_TRUE(size);
            EXPECT_EQ(encode_map(kernel, source, *size)->size(), *size);
            EXPECT_EQ(encode_map(kernel, source, *size - 1)->size(), map_header_bytes);
        }
    }
}

TEST_F(FileMapTest, DevicePathsMustFit) {
    EXPECT_EQ(encode_device(0, std::string(255, 'x'))->size(), device_reply_bytes);
    EXPECT_EQ(encode_device(0, std::string(256, 'x')).error().code, ENAMETOOLONG);
}

}  // namespace
}  // namespace famfs::fused
