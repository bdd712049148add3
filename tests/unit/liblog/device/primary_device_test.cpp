// Extents of another device than the pool's first: refused, with the device named, wherever they would be
// taken for extents of the first.
#include "liblog/device/windowed_memory.h"
#include "liblog/shadow/pool_writer.h"
#include "tests/unit/test_pool.h"

#include <sys/mman.h>
#include <unistd.h>

namespace famfs {
namespace {

using device::Access;
using test::unit;

constexpr omf::Extent second{1, test::first_data, unit};

template <typename T>
void expect_named(const Result<T>& result, const char* what) {
    ASSERT_FALSE(result) << what;
    EXPECT_EQ(result.error().kind, ErrorKind::unsupported) << what;
    EXPECT_NE(result.error().message.find("device 1"), std::string::npos) << result.error().message;
}

// A device in fsdev mode, of which no file may be made here.
class NoFiles final : public device::WindowedMemory {
  public:
    NoFiles() : WindowedMemory({"fsdev-like", device::Kind::fsdev, 64 * unit, {}}, Access::read_write) {}

  protected:
    Result<FileDescriptor> open_file(std::span<const omf::Extent>, std::uint64_t) override {
        ADD_FAILURE() << "a file was made of it";
        return fail_errno(EIO, "fsdev-like");
    }
};

TEST(PrimaryDeviceTest, EveryMemoryRefusesToReachOthers) {
    test::BufferMemory mapped(64 * unit);
    EXPECT_TRUE(mapped.reach(std::array{omf::Extent{0, 0, unit}}, unit));
    expect_named(mapped.reach(std::array{omf::Extent{0, 0, unit}, second}, 2 * unit), "mapped");
    NoFiles windowed;
    expect_named(windowed.reach(std::array{second}, unit), "fsdev");
}

TEST(PrimaryDeviceTest, TheWriterRefusesToZeroFlushAndCommitThem) {
    const test::TemporaryDirectory directory;
    const shadow::PoolPlace place{directory / "image", directory / "tree"};
    ASSERT_NO_FATAL_FAILURE(test::make_pool(place.device, 8));
    const auto writer = shadow::PoolWriter::open(place, {});
    ASSERT_TRUE(writer) << writer.error().message;
    const auto marked = std::array{std::byte{7}};
    ASSERT_TRUE((*writer)->memory().write(second.offset, marked));
    const omf::File file = test::file("f", 100, test::extents({second}));
    expect_named((*writer)->zero(file, 0, 100), "zero");
    expect_named((*writer)->zero_tail(file), "zero_tail");
    expect_named((*writer)->commit(file), "commit");
    (*writer)->release(file);
    EXPECT_EQ((*writer)->totals().files, 0U);
    std::array<std::byte, 1> found{};
    ASSERT_TRUE((*writer)->memory().read(second.offset, found));
    EXPECT_EQ(found, marked) << "the same offset of the first device";
}

}  // namespace
}  // namespace famfs
