#include "omf/layout.h"

#include "tests/unit/test_pool.h"

namespace famfs::omf {
namespace {

using test::extents;
using test::first_data;
using test::unit;

constexpr std::uint64_t device_bytes = 1 << 30;

class LayoutTest : public testing::Test {
  protected:
    Rule rule_of(const Layout& layout, std::uint64_t size = 1) {
        const auto checked = check_layout(layout.view(), size, geometry_);
        return checked ? Rule::count_ : checked.error().rule;
    }

    std::vector<std::uint64_t> sizes_{device_bytes, device_bytes};
    Geometry geometry_{unit, first_data, sizes_};
};

TEST_F(LayoutTest, AcceptsWhatIsWhole) {
    EXPECT_EQ(rule_of(extents({{0, first_data, unit}}), unit), Rule::count_);
    EXPECT_EQ(rule_of(extents({{0, device_bytes - unit, unit}}), 0), Rule::count_);
    EXPECT_EQ(rule_of(extents({{1, 0, unit}})), Rule::count_);
    EXPECT_EQ(rule_of(extents({{0, first_data, 2 * unit}, {1, 0, 2 * unit}}, 2 * unit), 4 * unit),
              Rule::count_);
}

TEST_F(LayoutTest, RefusesExtentsOutOfPlace) {
    EXPECT_EQ(rule_of({}), Rule::extent_count);
    EXPECT_EQ(rule_of(extents({{0, first_data, 0}}), 0), Rule::extent_empty);
    EXPECT_EQ(rule_of(extents({{0, first_data + 1, unit}})), Rule::extent_alignment);
    EXPECT_EQ(rule_of(extents({{0, first_data, unit + 4096}})), Rule::extent_alignment);
    EXPECT_EQ(rule_of(extents({{2, first_data, unit}})), Rule::extent_device);
    EXPECT_EQ(rule_of(extents({{~std::uint64_t{0}, first_data, unit}})), Rule::extent_device);
    EXPECT_EQ(rule_of(extents({{0, device_bytes, unit}})), Rule::extent_beyond_device);
    EXPECT_EQ(rule_of(extents({{0, ~std::uint64_t{0} - unit + 1, 2 * unit}})), Rule::extent_beyond_device);
    EXPECT_EQ(rule_of(extents({{0, 0, unit}})), Rule::extent_in_metadata);
    EXPECT_EQ(rule_of(extents({{0, first_data - unit, unit}})), Rule::extent_in_metadata);
    EXPECT_EQ(rule_of(extents({{0, first_data, unit}}), unit + 1), Rule::extents_too_short);
    EXPECT_EQ(rule_of(extents({{0, first_data, unit}}), std::uint64_t{1} << 63), Rule::file_size);
}

TEST_F(LayoutTest, RefusesBrokenStripes) {
    EXPECT_EQ(rule_of(extents({{0, first_data, unit}, {1, 0, 2 * unit}}, unit)), Rule::strip_length);
    EXPECT_EQ(rule_of(extents({{0, first_data, unit}}, 2 * unit)), Rule::strip_length);
    EXPECT_EQ(rule_of(extents({{0, first_data, 3 * unit}}, 3 * unit)), Rule::chunk_size);
    EXPECT_EQ(rule_of(extents({{0, first_data, unit}}, unit / 2)), Rule::chunk_size);
    EXPECT_EQ(rule_of(extents({}, unit)), Rule::strip_count);
    EXPECT_EQ(rule_of(extents({{0, first_data, unit}, {1, 0, unit}}, unit), 2 * unit + 1),
              Rule::extents_too_short);
}

TEST_F(LayoutTest, FindsRunsOfExtents) {
    const Layout layout = extents({{0, first_data, unit}, {1, 0, 2 * unit}});
    EXPECT_EQ(layout.view().run_at(0), (Extent{0, first_data, unit}));
    EXPECT_EQ(layout.view().run_at(unit - 1), (Extent{0, first_data + unit - 1, 1}));
    EXPECT_EQ(layout.view().run_at(unit), (Extent{1, 0, 2 * unit}));
    EXPECT_EQ(layout.view().run_at(3 * unit).length, 0U);
}

// The format's formula, written out once more.
TEST_F(LayoutTest, FindsRunsOfStripes) {
    const std::uint64_t chunk = 2 * unit;
    const Layout layout =
        extents({{0, 20 * unit, 3 * chunk}, {1, 40 * unit, 3 * chunk}, {0, 80 * unit, 3 * chunk}}, chunk);
    for (std::uint64_t offset = 0; offset < 9 * chunk; offset += 12345677) {
        const std::uint64_t number = offset / chunk;
        const Extent& strip = layout.extents[number % 3];
        const Extent run = layout.view().run_at(offset);
        EXPECT_EQ(run.device, strip.device);
        EXPECT_EQ(run.offset, strip.offset + number / 3 * chunk + offset % chunk);
        EXPECT_EQ(run.length, chunk - offset % chunk);
    }
    EXPECT_EQ(layout.view().run_at(9 * chunk).length, 0U);
}

TEST_F(LayoutTest, CapacityDoesNotWrap) {
    const std::uint64_t half = std::uint64_t{1} << 63;
    EXPECT_EQ(extents({{0, 0, half}, {0, 0, half}}).view().capacity(), ~std::uint64_t{0});
    EXPECT_EQ(extents({{0, 0, half}, {0, 0, half}}, unit).view().capacity(), ~std::uint64_t{0});
}

}  // namespace
}  // namespace famfs::omf
