#include "liblog/index/index.h"

#include "liblog/pool/allocator.h"
#include "tests/unit/test_pool.h"

namespace famfs::index {
namespace {

using omf::Rule;
using test::extents;
using test::file;
using test::first_data;
using test::path;
using test::unit;

constexpr std::uint64_t device_bytes = first_data + 100 * unit;

omf::Directory directory(const char* name) {
    return {path(name), 0, 0, 0755};
}

class IndexTest : public testing::Test {
  protected:
    Rule rule_of(const omf::Entry& entry) {
        const auto applied = index_.apply(next_++, entry);
        return applied ? Rule::count_ : applied.error().rule;
    }
    std::optional<omf::Layout> allocate(std::uint64_t size) {
        return pool::allocate(index_, size, pool::FirstFit());
    }

    Index index_{omf::Superblock{}, device_bytes};
    std::uint64_t next_ = 0;
};

TEST_F(IndexTest, FirstComeFirstServed) {
    EXPECT_EQ(rule_of(directory("d")), Rule::count_);
    EXPECT_EQ(rule_of(file("d/a", 1, extents({{0, first_data, unit}}))), Rule::count_);
    EXPECT_EQ(rule_of(directory("d")), Rule::path_taken);
    EXPECT_EQ(rule_of(directory("d/a")), Rule::path_taken);
    EXPECT_EQ(rule_of(file("d", 1, extents({{0, first_data + unit, unit}}))), Rule::path_taken);
    EXPECT_EQ(rule_of(file("d/a/b", 1, extents({{0, first_data + unit, unit}}))), Rule::parent_not_directory);
    EXPECT_EQ(rule_of(file("e/a", 1, extents({{0, first_data + unit, unit}}))), Rule::parent_missing);
    EXPECT_EQ(rule_of(directory(".meta")), Rule::path_reserved);
    EXPECT_EQ(rule_of(file(".meta/x", 1, extents({{0, first_data + unit, unit}}))), Rule::path_reserved);
    EXPECT_EQ(index_.totals().files, 1U);
    EXPECT_EQ(index_.totals().directories, 1U);
    EXPECT_EQ(index_.totals().allocated_bytes, first_data + unit);
}

TEST_F(IndexTest, OverlapIsRefusedAndTakesNothing) {
    EXPECT_EQ(rule_of(file("a", 1, extents({{0, first_data + 4 * unit, 2 * unit}}))), Rule::count_);
    EXPECT_EQ(rule_of(file("b", 1, extents({{0, first_data, unit}, {0, first_data + 5 * unit, unit}}))),
              Rule::extent_overlap);
    EXPECT_EQ(rule_of(file("c", 1, extents({{0, first_data, unit}, {0, first_data, unit}}))),
              Rule::extent_overlap);
    EXPECT_EQ(index_.totals().allocated_bytes, first_data + 2 * unit);
    EXPECT_EQ(rule_of(file("d", 1, extents({{0, first_data, unit}}))), Rule::count_);
}

TEST_F(IndexTest, DevicesAreDenseAndDistinct) {
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
    EXPECT_EQ(index_.free_space(1).bytes(), 0U);
    EXPECT_EQ(index_.free_space(2).bytes(), unit);
}

TEST_F(IndexTest, AnInodeIsNamedByTheEntryThatMadeIt) {
    EXPECT_EQ(rule_of(directory("d")), Rule::count_);
    EXPECT_EQ(rule_of(directory("d")), Rule::path_taken);
    omf::Entry made = file("d/a", 5, extents({{0, first_data, unit}}));
    std::get<omf::File>(made).uid = 7;
    EXPECT_EQ(rule_of(made), Rule::count_);
    const Inode* const found = index_.names().resolve("d/a");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->id, inode_of_entry(2));
    EXPECT_EQ(found, index_.names().find(found->id));
    EXPECT_EQ(index_.names().path_of(*found), "d/a");
    EXPECT_EQ(found->attributes.size, 5U);
    EXPECT_EQ(found->attributes.uid, 7U);
    ASSERT_EQ(found->extents.size(), 1U);
    EXPECT_EQ(found->extents[0], (omf::Extent{0, first_data, unit}));
}

TEST_F(IndexTest, AllocatesWholeUnitsUntilNothingIsLeft) {
    EXPECT_EQ(index_.free_space(0).bytes(), 100 * unit);
    const auto empty = allocate(0);
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->view().capacity(), unit);
    ASSERT_TRUE(allocate(99 * unit));
    EXPECT_FALSE(allocate(0));
    EXPECT_EQ(index_.free_space(0).bytes(), 0U);
    EXPECT_FALSE(allocate(~std::uint64_t{0}));
}

TEST_F(IndexTest, UsesSeveralExtentsWhenNoGapIsLargeEnough) {
    std::vector<omf::Layout> held;
    for (int i = 0; i < 100; ++i)
        held.push_back(allocate(unit).value());
    for (std::size_t i = 0; i < 40; i += 2)
        index_.release(held[i]);
    const auto layout = allocate(16 * unit);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->extents.size(), 16U);
    EXPECT_TRUE(omf::check_layout(layout->view(), 16 * unit, index_.geometry()));
    index_.release(*layout);
    EXPECT_FALSE(allocate(17 * unit)) << "more extents than the format allows";
    EXPECT_EQ(index_.free_space(0).bytes(), 20 * unit) << "a failed allocation keeps nothing";
}

TEST_F(IndexTest, AStripeHasOneStripOnEachDevice) {
    omf::Uuid one;
    one.bytes.fill(1);
    EXPECT_EQ(rule_of(omf::DaxDevice{4 * unit, one, 1}), Rule::count_);
    const pool::Striped striped({0, 1}, unit);
    const auto layout = pool::allocate(index_, 5 * unit, striped);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->chunk_size, unit);
    ASSERT_EQ(layout->extents.size(), 2U);
    EXPECT_EQ(layout->extents[0], (omf::Extent{0, first_data, 3 * unit}));
    EXPECT_EQ(layout->extents[1], (omf::Extent{1, 0, 3 * unit}));
    EXPECT_TRUE(omf::check_layout(layout->view(), 5 * unit, index_.geometry()));
    EXPECT_FALSE(pool::allocate(index_, 3 * unit, striped)) << "one device has one unit left";
    EXPECT_TRUE(pool::allocate(index_, 2 * unit, striped));
    EXPECT_FALSE(pool::allocate(index_, ~std::uint64_t{0}, striped));
}

}  // namespace
}  // namespace famfs::index
