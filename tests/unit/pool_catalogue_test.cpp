#include "liblog/pool/catalogue.h"
#include "test_pool.h"

#include <random>

namespace famfs::pool {
namespace {

using omf::Rule;
using test::extents;
using test::file;
using test::first_data;
using test::path;
using test::unit;

constexpr std::uint64_t device_bytes = first_data + 100 * unit;

class CatalogueTest : public testing::Test {
  protected:
    Rule rule_of(const omf::Entry& entry) {
        const auto applied = catalogue_.apply(entry);
        return applied ? Rule::count_ : applied.error().rule;
    }

    Catalogue catalogue_{omf::Superblock{}, device_bytes};
};

TEST_F(CatalogueTest, FirstComeFirstServed) {
    EXPECT_EQ(rule_of(omf::Directory{path("d"), 0, 0, 0755}), Rule::count_);
    EXPECT_EQ(rule_of(file("d/a", 1, extents({{0, first_data, unit}}))), Rule::count_);
    EXPECT_EQ(rule_of(omf::Directory{path("d"), 0, 0, 0755}), Rule::path_taken);
    EXPECT_EQ(rule_of(omf::Directory{path("d/a"), 0, 0, 0755}), Rule::path_taken);
    EXPECT_EQ(rule_of(file("d", 1, extents({{0, first_data + unit, unit}}))), Rule::path_taken);
    EXPECT_EQ(rule_of(file("d/a/b", 1, extents({{0, first_data + unit, unit}}))), Rule::parent_not_directory);
    EXPECT_EQ(rule_of(file("e/a", 1, extents({{0, first_data + unit, unit}}))), Rule::parent_missing);
    EXPECT_EQ(rule_of(omf::Directory{path(".meta"), 0, 0, 0755}), Rule::path_reserved);
    EXPECT_EQ(rule_of(file(".meta/x", 1, extents({{0, first_data + unit, unit}}))), Rule::path_reserved);
    EXPECT_EQ(catalogue_.totals().files, 1U);
    EXPECT_EQ(catalogue_.totals().directories, 1U);
    EXPECT_EQ(catalogue_.totals().allocated_bytes, first_data + unit);
}

TEST_F(CatalogueTest, OverlapIsRefusedAndTakesNothing) {
    EXPECT_EQ(rule_of(file("a", 1, extents({{0, first_data + 4 * unit, 2 * unit}}))), Rule::count_);
    EXPECT_EQ(rule_of(file("b", 1, extents({{0, first_data, unit}, {0, first_data + 5 * unit, unit}}))),
              Rule::extent_overlap);
    EXPECT_EQ(rule_of(file("c", 1, extents({{0, first_data, unit}, {0, first_data, unit}}))),
              Rule::extent_overlap);
    EXPECT_EQ(catalogue_.totals().allocated_bytes, first_data + 2 * unit);
    EXPECT_EQ(rule_of(file("d", 1, extents({{0, first_data, unit}}))), Rule::count_);
}

TEST_F(CatalogueTest, DevicesAreDenseAndDistinct) {
    omf::Uuid one, two;
    one.bytes.fill(1);
    two.bytes.fill(2);
    EXPECT_EQ(rule_of(file("a", 1, extents({{1, 0, unit}}))), Rule::extent_device);
    EXPECT_EQ(rule_of(omf::DaxDevice{unit, one, 2}), Rule::device_index);
    EXPECT_EQ(rule_of(omf::DaxDevice{unit, one, 1}), Rule::count_);
    EXPECT_EQ(rule_of(omf::DaxDevice{unit, one, 2}), Rule::device_taken);
    EXPECT_EQ(rule_of(omf::DaxDevice{unit, two, 2}), Rule::count_);
    EXPECT_EQ(rule_of(file("a", 1, extents({{1, 0, unit}}))), Rule::count_);
    EXPECT_EQ(rule_of(file("b", 1, extents({{2, unit, unit}}))), Rule::extent_beyond_device);
}

TEST_F(CatalogueTest, AllocatesWholeUnitsUntilNothingIsLeft) {
    EXPECT_EQ(catalogue_.free_bytes(), 100 * unit);
    const auto empty = catalogue_.allocate(0);
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->view().capacity(), unit);
    ASSERT_TRUE(catalogue_.allocate(99 * unit));
    EXPECT_FALSE(catalogue_.allocate(0));
    EXPECT_EQ(catalogue_.free_bytes(), 0U);
    EXPECT_FALSE(catalogue_.allocate(~std::uint64_t{0}));
}

TEST_F(CatalogueTest, UsesSeveralExtentsWhenNoGapIsLargeEnough) {
    std::vector<omf::Layout> held;
    for (int i = 0; i < 100; ++i)
        held.push_back(catalogue_.allocate(unit).value());
    for (std::size_t i = 0; i < 40; i += 2)
        catalogue_.release(held[i]);
    const auto layout = catalogue_.allocate(16 * unit);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->extents.size(), 16U);
    EXPECT_TRUE(omf::check_layout(layout->view(), 16 * unit, catalogue_.geometry()));
    catalogue_.release(*layout);
    EXPECT_FALSE(catalogue_.allocate(17 * unit)) << "more extents than the format allows";
    EXPECT_EQ(catalogue_.free_bytes(), 20 * unit) << "a failed allocation keeps nothing";
}

// Against a plain array of flags.
TEST(IntervalSetTest, AgreesWithAnArray) {
    constexpr std::uint64_t length = 200;
    std::mt19937 random(1);
    IntervalSet set;
    std::vector<bool> flags(length);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> held;
    for (int step = 0; step < 20000; ++step) {
        if (random() % 3 == 0 && !held.empty()) {
            const std::size_t which = random() % held.size();
            const auto [start, count] = held[which];
            set.erase(start, count);
            std::fill_n(flags.begin() + static_cast<std::ptrdiff_t>(start), count, false);
            held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
        } else {
            const std::uint64_t count = 1 + random() % 10;
            const std::uint64_t start = random() % (length - count);
            const auto first = flags.begin() + static_cast<std::ptrdiff_t>(start);
            const auto last = first + static_cast<std::ptrdiff_t>(count);
            const bool free = std::find(first, last, true) == last;
            ASSERT_EQ(set.overlaps(start, count), !free);
            ASSERT_EQ(set.insert(start, count), free);
            if (!free) continue;
            std::fill(first, last, true);
            held.emplace_back(start, count);
        }
        ASSERT_EQ(set.total(), static_cast<std::uint64_t>(std::count(flags.begin(), flags.end(), true)));
        std::uint64_t end_before = ~std::uint64_t{0};
        for (const auto& [start, end] : set.ranges()) {
            ASSERT_LT(start, end);
            ASSERT_NE(start, end_before) << "neighbours must be merged";
            end_before = end;
        }
    }
}

}  // namespace
}  // namespace famfs::pool
