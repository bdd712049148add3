#include "liblog/index/free_space.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace famfs::index {
namespace {

TEST(FreeSpaceTest, HasWholeUnitsOnly) {
    EXPECT_EQ(FreeSpace(8, 21, 4).bytes(), 12U);
    EXPECT_EQ(FreeSpace(8, 11, 4).bytes(), 0U);
    EXPECT_EQ(FreeSpace(8, 4, 4).bytes(), 0U);
    EXPECT_FALSE(FreeSpace(8, 21, 4).claim(20, 4));
    EXPECT_FALSE(FreeSpace(8, 21, 4).claim(4, 4));
    EXPECT_FALSE(FreeSpace(8, 20, 4).first_fit(0));
}

TEST(FreeSpaceTest, NoRangeReachesPastTheEndOfNumbers) {
    FreeSpace space(0, ~std::uint64_t{0}, 1);
    EXPECT_FALSE(space.claim(8, ~std::uint64_t{0}));
    EXPECT_TRUE(space.claim(8, ~std::uint64_t{0} - 8));
    EXPECT_EQ(space.bytes(), 8U);
}

// Against a plain array of flags.
class AgainstAnArray {
  public:
    void claim() {
        const std::uint64_t count = 1 + random_() % 10;
        const std::uint64_t start = random_() % (length - count);
        const bool free = std::find(at(start), at(start + count), true) == at(start + count);
        ASSERT_EQ(space_.claim(start, count), free);
        if (!free) return;
        std::fill(at(start), at(start + count), true);
        held_.emplace_back(start, count);
    }

    void release() {
        if (held_.empty()) return;
        std::swap(held_[random_() % held_.size()], held_.back());
        const auto [start, count] = held_.back();
        held_.pop_back();
        space_.release(start, count);
        std::fill(at(start), at(start + count), false);
    }

    void step() { random_() % 3 == 0 ? release() : claim(); }

    void compare() {
        const auto expected = runs();
        ASSERT_EQ(space_.ranges(), expected);
        ASSERT_EQ(space_.bytes(), static_cast<std::uint64_t>(std::ranges::count(taken_, false)));
        for (std::uint64_t wanted = 1; wanted < 20; ++wanted) {
            const auto fits =
                std::ranges::find_if(expected, [&](const auto& run) { return run.second >= wanted; });
            const auto found = space_.first_fit(wanted);
            ASSERT_EQ(found.has_value(), fits != expected.end());
            if (!found) continue;
            ASSERT_EQ(found->offset, fits->first);
            ASSERT_EQ(found->length, fits->second);
        }
        compare_longest(expected);
    }

  private:
    using Runs = std::map<std::uint64_t, std::uint64_t>;  // offset -> length
    static constexpr std::uint64_t length = 200;

    std::vector<bool>::iterator at(std::uint64_t index) {
        return taken_.begin() + static_cast<std::ptrdiff_t>(index);
    }

    Runs runs() const {
        Runs found;
        for (std::uint64_t i = 0, end = 0; i < length; i = end + 1) {
            for (end = i; end < length && !taken_[end];)
                ++end;
            if (end > i) found.emplace(i, end - i);
        }
        return found;
    }

    void compare_longest(const Runs& expected) {
        std::vector<std::uint64_t> lengths;
        for (const auto& run : expected)
            lengths.push_back(run.second);
        std::ranges::sort(lengths, std::greater{});
        lengths.resize(std::min<std::size_t>(lengths.size(), 3));
        std::vector<std::uint64_t> found;
        for (const auto& range : space_.longest(3))
            found.push_back(range.length);
        ASSERT_EQ(found, lengths);
    }

    std::mt19937 random_{1};
    FreeSpace space_{0, length, 1};
    std::vector<bool> taken_ = std::vector<bool>(length);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> held_;
};

TEST(FreeSpaceTest, AgreesWithAnArray) {
    AgainstAnArray both;
    for (int step = 0; step < 20000; ++step) {
        both.step();
        if (testing::Test::HasFatalFailure()) return;
        if (step % 16 == 0) both.compare();
    }
}

}  // namespace
}  // namespace famfs::index
