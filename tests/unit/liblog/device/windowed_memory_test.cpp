// Ranges of a device that are mapped through files of them. Files in memory stand in, with the kernel's rule
// that a byte is part of one file at a time.
#include "liblog/device/windowed_memory.h"

#include "omf/constants.h"
#include "tests/unit/test_pool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace famfs::device {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::uint64_t device_size = 64 * mib;

using Extents = std::vector<omf::Extent>;

class Windows final : public WindowedMemory {
  public:
    explicit Windows(Access access = Access::read_write, std::uint64_t size = device_size)
        : WindowedMemory({"dax-like", Kind::fsdev, size, std::nullopt}, access) {}
    ~Windows() override { let_go(); }

    using WindowedMemory::open_superblock;
    Result<void> check_unused() override { return {}; }

    // The file of these extents, which must have been asked for.
    int file(const Extents& extents) const { return files_.at(places(extents)).get(); }
    void cut(const Extents& extents, std::uint64_t size) const {
        EXPECT_EQ(::ftruncate(file(extents), static_cast<off_t>(size)), 0);
    }

    FileDescriptor next_file;  // handed out once, in the place of a file of the device
    unsigned opened = 0;

  protected:
    Result<FileDescriptor> open_file(std::span<const omf::Extent> extents, std::uint64_t size) override {
        ++opened;
        if (next_file) return std::move(next_file);
        const Places wanted = places(extents);
        if (!files_.contains(wanted)) {
            if (is_taken(wanted)) return fail(ErrorKind::busy, EBUSY, "taken");
            FileDescriptor made(::memfd_create("extents", MFD_CLOEXEC));
            EXPECT_EQ(::ftruncate(made.get(), static_cast<off_t>(size)), 0);
            files_.emplace(wanted, std::move(made));
        }
        return FileDescriptor(::fcntl(files_.at(wanted).get(), F_DUPFD_CLOEXEC, 3));
    }

  private:
    using Places = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // offset and end

    static Places places(std::span<const omf::Extent> extents) {
        Places all;
        for (const omf::Extent& extent : extents)
            all.emplace_back(extent.offset, extent.offset + extent.length);
        return all;
    }
    bool is_taken(const Places& wanted) const {
        for (const auto& [places, file] : files_)
            for (const auto& [start, end] : places)
                for (const auto& [offset, last] : wanted)
                    if (offset < end && start < last) return true;
        return false;
    }

    std::map<Places, FileDescriptor> files_;
};

class WindowedMemoryTest : public testing::Test {
  protected:
    WindowedMemoryTest() { EXPECT_TRUE(memory_.open_superblock()); }

    template <typename T>
    static void expect_error(const Result<T>& result, int code, const std::string& text = "dax-like") {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, code) << result.error().message;
        EXPECT_NE(result.error().message.find(text), std::string::npos) << result.error().message;
    }
    Result<void> read(std::uint64_t offset, std::size_t length = 1) {
        std::vector<std::byte> bytes(length);
        return memory_.read(offset, bytes);
    }
    Result<void> put(std::uint64_t offset, unsigned char value) {
        const std::byte byte{value};
        return memory_.write(offset, {&byte, 1});
    }
    // A byte of a file, past the mapping.
    static int byte_of(int file, std::uint64_t offset) {
        unsigned char byte = 0;
        EXPECT_EQ(::pread(file, &byte, 1, static_cast<off_t>(offset)), 1);
        return byte;
    }

    Windows memory_;
};

TEST_F(WindowedMemoryTest, SuperblockIsAlwaysMapped) {
    EXPECT_TRUE(put(0, 1));
    EXPECT_TRUE(put(omf::superblock_region - 1, 2));
    EXPECT_TRUE(read(0, omf::superblock_region));
    expect_error(read(omf::superblock_region), ENXIO);
    expect_error(read(omf::superblock_region - 1, 2), ENXIO);
    EXPECT_NE(memory_.lock_descriptor(), -1);
    EXPECT_EQ(memory_.mapping(), nullptr);
}

TEST_F(WindowedMemoryTest, BytesAreFoundAtTheirPlacesInTheFile) {
    const Extents extents{{0, 16 * mib, 2 * mib}, {0, 8 * mib, 2 * mib}, {0, 32 * mib, 2 * mib}};
    const auto range = memory_.reach(extents, 6 * mib);
    ASSERT_TRUE(range);
    ASSERT_TRUE(put(16 * mib + 1, 1));
    ASSERT_TRUE(put(8 * mib + 2, 2));
    ASSERT_TRUE(put(34 * mib - 1, 3));
    EXPECT_EQ(byte_of(memory_.file(extents), 1), 1);
    EXPECT_EQ(byte_of(memory_.file(extents), 2 * mib + 2), 2);
    EXPECT_EQ(byte_of(memory_.file(extents), 6 * mib - 1), 3);
    // Neighbours in the file are none in the device.
    expect_error(read(18 * mib - 1, 2), ENXIO);
    expect_error(read(8 * mib - 1, 2), ENXIO);
    expect_error(read(10 * mib), ENXIO);
}

TEST_F(WindowedMemoryTest, RunsThatFollowEachOtherAreOne) {
    const Extents extents{{0, 8 * mib, 2 * mib}, {0, 10 * mib, 2 * mib}};
    const auto range = memory_.reach(extents, 4 * mib);
    ASSERT_TRUE(range);
    EXPECT_TRUE(read(8 * mib, 4 * mib));
    ASSERT_TRUE(put(10 * mib, 7));
    EXPECT_EQ(byte_of(memory_.file(extents), 2 * mib), 7);
}

TEST_F(WindowedMemoryTest, TheLastPageIsWhole) {
    const Extents extents{{0, 8 * mib, 2 * mib}, {0, 16 * mib, 2 * mib}};
    const auto range = memory_.reach(extents, 5000);
    ASSERT_TRUE(range);
    EXPECT_TRUE(memory_.zero(8 * mib + 5000, 2 * page - 5000));
    EXPECT_TRUE(read(8 * mib, 2 * page));
    expect_error(read(8 * mib + 2 * page), ENXIO);
    expect_error(read(16 * mib), ENXIO);  // an extent that the file does not come to
}

TEST_F(WindowedMemoryTest, EmptyFile) {
    const Extents extents{{0, 8 * mib, 2 * mib}};
    const auto range = memory_.reach(extents, 0);
    ASSERT_TRUE(range);
    EXPECT_TRUE(read(8 * mib, page));
    expect_error(read(8 * mib + page), ENXIO);
}

TEST_F(WindowedMemoryTest, LettingGoEndsOneRangeOnly) {
    const Extents one{{0, 8 * mib, 2 * mib}}, other{{0, 10 * mib, 2 * mib}};
    auto first = memory_.reach(one, 2 * mib);
    const auto second = memory_.reach(other, 2 * mib);
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(read(10 * mib));
    first->reset();
    expect_error(read(8 * mib), ENXIO);
    EXPECT_TRUE(read(10 * mib, 2 * mib));
    EXPECT_TRUE(read(0));
    ASSERT_TRUE(memory_.reach(one, 2 * mib));
}

// Two that work on the same file each hold it.
TEST_F(WindowedMemoryTest, SameRangeTwice) {
    const Extents extents{{0, 8 * mib, 2 * mib}, {0, 16 * mib, 2 * mib}};
    auto first = memory_.reach(extents, 4 * mib);
    auto second = memory_.reach(extents, 4 * mib);
    ASSERT_TRUE(first && second);
    first->reset();
    EXPECT_TRUE(put(8 * mib, 5));
    EXPECT_TRUE(read(16 * mib, 2 * mib));
    EXPECT_EQ(byte_of(memory_.file(extents), 0), 5);
    first = memory_.reach(extents, 4 * mib);
    ASSERT_TRUE(first);
    second->reset();
    EXPECT_TRUE(read(8 * mib));
    first->reset();
    expect_error(read(8 * mib), ENXIO);
}

TEST_F(WindowedMemoryTest, RangeOfAnotherFile) {
    const Extents extents{{0, 8 * mib, 4 * mib}}, part{{0, 10 * mib, 2 * mib}};
    const auto range = memory_.reach(extents, 4 * mib);
    ASSERT_TRUE(range);
    const auto refused = memory_.reach(part, 2 * mib);
    expect_error(refused, EBUSY, "taken");
    EXPECT_EQ(refused.error().kind, ErrorKind::busy);
    EXPECT_TRUE(read(8 * mib, 4 * mib));
}

TEST_F(WindowedMemoryTest, ExtentsAreChecked) {
    const unsigned before = memory_.opened;
    const Extents beyond{{0, device_size - mib, 2 * mib}}, far{{0, ~std::uint64_t{0} - page, 2 * page}},
        second_bad{{0, 8 * mib, 2 * mib}, {0, device_size, page}};
    expect_error(memory_.reach(beyond, page), EINVAL);
    expect_error(memory_.reach(far, page), EINVAL);
    expect_error(memory_.reach(second_bad, page), EINVAL);
    EXPECT_EQ(memory_.opened, before);
    expect_error(read(device_size - 1, 2), EINVAL);
    expect_error(read(~std::uint64_t{0}), EINVAL);
}

TEST_F(WindowedMemoryTest, FileThatCannotBeMapped) {
    memory_.next_file = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Extents extents{{0, 8 * mib, 2 * mib}};
    expect_error(memory_.reach(extents, 2 * mib), ENODEV);
    expect_error(read(8 * mib), ENXIO);
    EXPECT_TRUE(memory_.reach(extents, 2 * mib));
}

TEST_F(WindowedMemoryTest, MemoryThatIsLost) {
    const Extents lost{{0, 8 * mib, 2 * mib}}, kept{{0, 16 * mib, 2 * mib}};
    const auto first = memory_.reach(lost, 2 * mib), second = memory_.reach(kept, 2 * mib);
    ASSERT_TRUE(first && second);
    memory_.cut(lost, page);
    expect_error(read(8 * mib + page), EIO);
    expect_error(put(8 * mib + page, 1), EIO);
    expect_error(memory_.zero(8 * mib, 2 * mib), EIO);
    expect_error(memory_.write_back(8 * mib, 2 * mib), EIO);
    expect_error(memory_.invalidate(8 * mib, 2 * mib), EIO);
    EXPECT_TRUE(read(8 * mib, page));
    EXPECT_TRUE(put(16 * mib, 1));
    memory_.cut({{0, 0, omf::superblock_region}}, 0);
    expect_error(read(0), EIO);
}

TEST(WindowedMemory, ReadOnly) {
    Windows memory(Access::read_only);
    ASSERT_TRUE(memory.open_superblock());
    std::byte byte{};
    EXPECT_TRUE(memory.read(0, {&byte, 1}));
    const auto written = memory.write(0, {&byte, 1});
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, EBADF);
}

TEST(WindowedMemory, DeviceSmallerThanASuperblock) {
    Windows memory(Access::read_write, page);
    ASSERT_TRUE(memory.open_superblock());
    std::array<std::byte, page> bytes{};
    EXPECT_TRUE(memory.read(0, bytes));
    const auto beyond = memory.read(1, bytes);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, EINVAL);
}

TEST(WindowedMemory, SuperblockThatCannotBeMapped) {
    Windows memory;
    memory.next_file = FileDescriptor(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto opened = memory.open_superblock();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, EACCES);  // it is not open for writing
    EXPECT_EQ(memory.lock_descriptor(), -1);
}

}  // namespace
}  // namespace famfs::device
