#include "service/data/extent_runs.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace famfs::service {
namespace {

constexpr std::uint64_t unit = 4096;

struct Stretch {
    std::uint64_t device, offset, length, done;
    bool operator==(const Stretch&) const = default;
};

std::vector<Stretch> runs_of(const omf::LayoutView& layout, std::uint64_t offset, std::uint64_t length,
                             int* code) {
    std::vector<Stretch> runs;
    const auto walked = for_each_run(layout, offset, length,
                                     [&](const omf::Extent& run, std::uint64_t done) -> Outcome<void> {
                                         runs.push_back({run.device, run.offset, run.length, done});
                                         return {};
                                     });
    *code = walked ? 0 : walked.error();
    return runs;
}

TEST(ExtentRunsTest, StaysInsideTheRangeAcrossExtents) {
    const std::vector<omf::Extent> extents{{0, 10 * unit, unit}, {1, 0, 2 * unit}, {0, 50 * unit, unit}};
    const omf::LayoutView layout{0, extents};
    int code = -1;
    EXPECT_EQ(runs_of(layout, unit - 1, 2 * unit + 2, &code),
              (std::vector<Stretch>{
                  {0, 11 * unit - 1, 1, 0}, {1, 0, 2 * unit, 1}, {0, 50 * unit, 1, 2 * unit + 1}}));
    EXPECT_EQ(code, 0);
    EXPECT_EQ(runs_of(layout, 0, 0, &code), std::vector<Stretch>{});
    EXPECT_EQ(code, 0);
}

TEST(ExtentRunsTest, EndsWithAnErrorWhereTheLayoutEnds) {
    const std::vector<omf::Extent> extents{{0, 10 * unit, unit}};
    int code = 0;
    EXPECT_EQ(runs_of({0, extents}, 0, unit + 1, &code), (std::vector<Stretch>{{0, 10 * unit, unit, 0}}));
    EXPECT_EQ(code, EIO);
    EXPECT_EQ(runs_of({0, {}}, 0, 1, &code), std::vector<Stretch>{});
    EXPECT_EQ(code, EIO);
}

TEST(ExtentRunsTest, StopsWhenAVisitFails) {
    const std::vector<omf::Extent> extents{{0, 0, unit}, {0, 2 * unit, unit}};
    int visits = 0;
    const auto walked = for_each_run({0, extents}, 0, 2 * unit, [&](const omf::Extent&, std::uint64_t) {
        ++visits;
        return Outcome<void>(std::unexpected(ENXIO));
    });
    ASSERT_FALSE(walked);
    EXPECT_EQ(walked.error(), ENXIO);
    EXPECT_EQ(visits, 1);
}

// Byte by byte, against the rule as docs/format.md states it.
TEST(ExtentRunsTest, FindsEveryByteOfAStripe) {
    const std::vector<omf::Extent> strips{
        {0, 100 * unit, 3 * unit}, {1, 200 * unit, 3 * unit}, {2, 0, 3 * unit}};
    constexpr std::uint64_t chunk = unit;
    std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> found;  // file offset -> device, offset
    int code = -1;
    for (const Stretch& run : runs_of({chunk, strips}, 0, 9 * unit, &code)) {
        for (std::uint64_t at = 0; at < run.length; ++at)
            found[run.done + at] = {run.device, run.offset + at};
    }
    EXPECT_EQ(code, 0);
    ASSERT_EQ(found.size(), 9 * unit);
    for (const auto& [at, place] : found) {
        const std::uint64_t number = at / chunk;
        const omf::Extent& strip = strips[number % 3];
        EXPECT_EQ(place, std::pair(strip.device, strip.offset + number / 3 * chunk + at % chunk)) << at;
    }
}

}  // namespace
}  // namespace famfs::service
