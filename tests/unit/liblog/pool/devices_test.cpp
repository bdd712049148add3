// A pool on two devices: bytes are found by device and offset, and a device that is not there says so.
#include "liblog/pool/devices.h"

#include "liblog/shadow/pool_writer.h"
#include "tests/unit/test_pool.h"

#include <sys/mman.h>
#include <unistd.h>

namespace famfs::pool {
namespace {

using device::Access;
using test::unit;

constexpr std::uint64_t chunk = unit;
constexpr std::uint64_t file_bytes = 5 * chunk + 100;

std::byte value_at(std::uint64_t chunk_number) {
    return std::byte{static_cast<unsigned char>(chunk_number + 1)};
}

template <typename T>
void expect_absent(const Result<T>& result, const char* what) {
    ASSERT_FALSE(result) << what;
    EXPECT_EQ(result.error().code, ENODEV) << result.error().message;
    EXPECT_NE(result.error().message.find("device 1"), std::string::npos) << result.error().message;
}

class DevicesTest : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(test::make_pool(place_.device, 16));
        ASSERT_NO_FATAL_FAILURE(test::add_second_device(place_.device, second_, 16));
    }

    std::unique_ptr<shadow::PoolWriter> writer(std::vector<std::string> further) {
        place_.further_devices = std::move(further);
        auto opened = shadow::PoolWriter::open(place_, {});
        EXPECT_TRUE(opened) << opened.error().message;
        return std::move(*opened);
    }

    // The first byte of each chunk says which one it is.
    static void write_chunks(const Devices& devices, const omf::File& file) {
        for (std::uint64_t at = 0; at < file.size; at += chunk) {
            const omf::Extent run = file.layout.view().run_at(at);
            const auto byte = std::array{value_at(at / chunk)};
            ASSERT_TRUE(devices.write({run.device, run.offset}, byte));
        }
    }

    static std::byte byte_of(const std::string& image, std::uint64_t offset) {
        std::array<std::byte, 1> found{};
        EXPECT_TRUE((*device::open_memory(image, Access::read_only))->read(offset, found));
        return found[0];
    }

    test::TemporaryDirectory directory_;
    shadow::PoolPlace place_{directory_ / "image", directory_ / "tree"};
    std::string second_ = directory_ / "second";
};

TEST_F(DevicesTest, AStripedFileLiesOnBoth) {
    const auto to = writer({second_});
    const auto file = to->reserve("f", file_bytes, {}, Striped({0, 1}, chunk));
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_NO_FATAL_FAILURE(write_chunks(to->devices(), *file));
    ASSERT_TRUE(to->zero_tail(*file));
    ASSERT_TRUE(to->commit(*file));
    const auto& strips = file->layout.extents;
    ASSERT_EQ(strips.size(), 2U);
    for (std::uint64_t number = 0; number < 6; ++number) {
        const omf::Extent& strip = strips[number % 2];
        ASSERT_EQ(strip.device, number % 2);
        const std::string& image = strip.device == 0 ? place_.device : second_;
        EXPECT_EQ(byte_of(image, strip.offset + number / 2 * chunk), value_at(number)) << number;
    }
}

TEST_F(DevicesTest, NothingIsReservedOnADeviceThatIsNotOpen) {
    const auto to = writer({});
    const std::uint64_t free = to->free_bytes();
    expect_absent(to->reserve("f", file_bytes, {}, Striped({0, 1}, chunk)), "striped");
    expect_absent(to->reserve("f", 1, {}, FirstFit({1})), "first fit");
    EXPECT_EQ(to->free_bytes(), free);
    EXPECT_FALSE(to->find("f"));
    EXPECT_TRUE(to->reserve("f", 1, {}));
}

TEST_F(DevicesTest, NothingIsReservedOnADeviceThatThePoolDoesNotHave) {
    const auto to = writer({second_});
    const auto refused = to->reserve("f", 1, {}, FirstFit({2}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENODEV);
}

TEST_F(DevicesTest, AnAbsentDeviceIsNotTakenForTheFirst) {
    const auto to = writer({});
    const auto marked = std::array{std::byte{7}};
    ASSERT_TRUE(to->devices().write({0, test::first_data}, marked));
    const omf::Extent run{1, test::first_data, unit};
    const omf::File file = test::file("f", 100, test::extents({run}));
    std::array<std::byte, 1> found{};
    const Devices& devices = to->devices();
    expect_absent(devices.read({1, run.offset}, found), "read");
    expect_absent(devices.write({1, run.offset}, found), "write");
    expect_absent(devices.zero(run), "zero");
    expect_absent(devices.copy_from(-1, 0, run), "copy_from");
    expect_absent(devices.write_back(run), "write_back");
    expect_absent(devices.invalidate(run), "invalidate");
    expect_absent(devices.map(file.layout.view(), file.size), "map");
    expect_absent(to->zero(file, 0, 100), "zero of a file");
    expect_absent(to->commit(file), "commit");
    EXPECT_EQ(to->totals().files, 0U);
    ASSERT_TRUE(devices.read({0, run.offset}, found));
    EXPECT_EQ(found, marked) << "the same offset of the first device";
}

TEST_F(DevicesTest, ADeviceOfAnotherPoolIsRefused) {
    ASSERT_NO_FATAL_FAILURE(test::make_pool(directory_ / "other", 4));
    for (const std::string& path : {directory_ / "other", place_.device}) {
        auto pool = Pool::open(place_.device, Access::read_only);
        ASSERT_TRUE(pool);
        const auto added = pool->add_device(path, Access::read_only);
        ASSERT_FALSE(added) << path;
        EXPECT_EQ(added.error().code, ENODEV) << added.error().message;
    }
}

TEST_F(DevicesTest, ADeviceThatIsTooSmallStaysAbsent) {
    std::filesystem::resize_file(second_, 2 * unit);
    place_.further_devices = {second_};
    const auto refused = shadow::PoolWriter::open(place_, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENXIO) << refused.error().message;
}

TEST(SplitByDeviceTest, SaysWhatEachDeviceHasOfAFile) {
    const auto layout =
        test::extents({{0, 0, unit}, {1, 4 * unit, unit}, {0, 2 * unit, unit}, {1, 9 * unit, unit}});
    const auto shares = split_by_device(layout.view(), 2 * unit + 5);
    ASSERT_EQ(shares.size(), 2U);
    EXPECT_EQ(shares[0].first, 0U);
    EXPECT_EQ(shares[0].second.extents.size(), 2U);
    EXPECT_EQ(shares[0].second.size, unit + 5);
    EXPECT_EQ(shares[1].first, 1U);
    EXPECT_EQ(shares[1].second.extents.size(), 1U);
    EXPECT_EQ(shares[1].second.size, unit);
}

TEST(SplitByDeviceTest, KeepsTheFirstExtentOfAnEmptyFile) {
    const auto shares = split_by_device(test::extents({{0, 0, unit}}).view(), 0);
    ASSERT_EQ(shares.size(), 1U);
    EXPECT_EQ(shares[0].second.extents.size(), 1U);
    EXPECT_EQ(shares[0].second.size, 0U);
}

}  // namespace
}  // namespace famfs::pool
