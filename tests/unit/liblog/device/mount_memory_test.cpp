// A pool that is reached through the files of its mount. A directory stands in for the mount.
#include "liblog/device/mount_memory.h"

#include "omf/constants.h"
#include "tests/unit/test_pool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace famfs::device {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::uint64_t device_size = 64 * mib;
constexpr std::uint64_t log_bytes = 8 * mib;
constexpr omf::Extent log_extent{0, omf::log_offset, log_bytes};

class MountMemoryTest : public testing::Test {
  protected:
    MountMemoryTest() : system_(directory_ / "root") {
        fs::create_directories(dax_device_file("dax0.0", "", system_));
        fs::create_directories(directory_ / "mnt/.meta");
        make(".superblock", omf::superblock_region);
        make(".log", log_bytes);
    }

    std::string meta(const std::string& name) const { return directory_ / ("mnt/.meta/" + name); }
    void make(const std::string& name, std::uint64_t size) const {
        std::ofstream(meta(name)).flush();
        fs::resize_file(meta(name), size);
    }

    Result<std::unique_ptr<Memory>> adopt(Access access = Access::read_write) {
        auto hold = ModeHold::try_alone("dax0.0", system_);
        if (!hold || !*hold) return fail(ErrorKind::busy, EBUSY, "held");
        DaxDevice device;
        device.name = "dax0.0";
        device.size = device_size;
        Mount mount;
        mount.mountpoint = directory_ / "mnt";
        return MountMemory::adopt(mount, "/dev/dax0.0", device, std::move(**hold), access);
    }
    // Fails with this errno, in a message that names `text`.
    template <typename T>
    static void expect_error(const Result<T>& result, int code, const std::string& text) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, code) << result.error().message;
        EXPECT_NE(result.error().message.find(text), std::string::npos) << result.error().message;
    }

    test::TemporaryDirectory directory_;
    DaxSystem system_;
};

TEST_F(MountMemoryTest, SuperblockAndLogAreTheMountsFiles) {
    const auto memory = adopt();
    ASSERT_TRUE(memory);
    EXPECT_EQ((*memory)->mountpoint(), directory_ / "mnt");
    const auto log = (*memory)->reach({&log_extent, 1}, log_bytes);
    ASSERT_TRUE(log);
    const std::byte mark{0x5a};
    ASSERT_TRUE((*memory)->write(17, {&mark, 1}));
    ASSERT_TRUE((*memory)->write(omf::log_offset + 18, {&mark, 1}));
    for (const auto& [name, offset] : {std::pair{".superblock", 17}, std::pair{".log", 18}}) {
        std::ifstream file(meta(name));
        file.seekg(offset);
        EXPECT_EQ(file.get(), 0x5a) << name;
    }
}

TEST_F(MountMemoryTest, FileThatIsMissing) {
    fs::remove(meta(".log"));
    const auto memory = adopt();
    ASSERT_TRUE(memory);
    expect_error((*memory)->reach({&log_extent, 1}, log_bytes), ENOENT, meta(".log"));
}

TEST_F(MountMemoryTest, MountWithoutItsSuperblock) {
    fs::remove(meta(".superblock"));
    expect_error(adopt(), ENOENT, meta(".superblock"));
    fs::remove_all(directory_ / "mnt");
    expect_error(adopt(), ENOENT, meta(".superblock"));
    EXPECT_TRUE(*ModeHold::try_alone("dax0.0", system_));  // nothing is held by what failed
}

TEST_F(MountMemoryTest, FileOfAnotherSize) {
    for (const std::uint64_t size : {std::uint64_t{0}, log_bytes - 1, log_bytes + 4096}) {
        make(".log", size);
        const auto memory = adopt();
        ASSERT_TRUE(memory);
        const auto log = (*memory)->reach({&log_extent, 1}, log_bytes);
        expect_error(log, EUCLEAN, std::to_string(size) + " bytes");
        EXPECT_EQ(log.error().kind, ErrorKind::corrupt);
    }
    make(".superblock", omf::superblock_region / 2);
    expect_error(adopt(), EUCLEAN, ".superblock");
}

TEST_F(MountMemoryTest, SymbolicLinkIsNotFollowed) {
    fs::rename(meta(".superblock"), directory_ / "elsewhere");
    fs::create_symlink(directory_ / "elsewhere", meta(".superblock"));
    expect_error(adopt(), ELOOP, meta(".superblock"));
}

TEST_F(MountMemoryTest, OtherBytesAreMadeByTheCaller) {
    const auto memory = adopt();
    ASSERT_TRUE(memory);
    const omf::Extent extent{0, 32 * mib, 2 * mib};
    const auto refused = (*memory)->reach({&extent, 1}, mib);
    expect_error(refused, EBUSY, directory_ / "mnt");
    EXPECT_EQ(refused.error().kind, ErrorKind::busy);

    std::uint64_t asked = 0;
    (*memory)->make_files_with([&](std::span<const omf::Extent> extents, std::uint64_t size) {
        asked = extents.front().offset;
        FileDescriptor file(::memfd_create("made", MFD_CLOEXEC));
        EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
        return Result<FileDescriptor>(std::move(file));
    });
    const auto range = (*memory)->reach({&extent, 1}, mib);
    ASSERT_TRUE(range);
    EXPECT_EQ(asked, extent.offset);
    EXPECT_TRUE((*memory)->zero(extent.offset, mib));

    (*memory)->make_files_with([](std::span<const omf::Extent>, std::uint64_t) -> Result<FileDescriptor> {
        return fail_errno(ENOSPC, "made");
    });
    const omf::Extent next{0, 40 * mib, 2 * mib};
    expect_error((*memory)->reach({&next, 1}, mib), ENOSPC, "made");
}

TEST_F(MountMemoryTest, ReadOnly) {
    const auto memory = adopt(Access::read_only);
    ASSERT_TRUE(memory);
    std::byte byte{};
    EXPECT_TRUE((*memory)->read(0, {&byte, 1}));
    const auto written = (*memory)->write(0, {&byte, 1});
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, EBADF);
}

TEST_F(MountMemoryTest, MountIsAUser) {
    const auto memory = adopt();
    ASSERT_TRUE(memory);
    const auto unused = (*memory)->check_unused();
    expect_error(unused, EBUSY, "famfs umount it first");
    EXPECT_EQ(unused.error().kind, ErrorKind::busy);
}

TEST_F(MountMemoryTest, KeepsTheModeWhileItIsOpen) {
    {
        const auto memory = adopt();
        ASSERT_TRUE(memory);
        EXPECT_FALSE(*ModeHold::try_alone("dax0.0", system_));
    }
    EXPECT_TRUE(*ModeHold::try_alone("dax0.0", system_));
}

TEST_F(MountMemoryTest, FileThatIsCutShort) {
    const auto memory = adopt();
    ASSERT_TRUE(memory);
    fs::resize_file(meta(".superblock"), 4096);
    std::array<std::byte, 8192> bytes{};
    expect_error((*memory)->read(0, bytes), EIO, "/dev/dax0.0");
    EXPECT_TRUE((*memory)->read(0, std::span(bytes).first(4096)));
}

TEST(MountThatHolds, NoMountHasIt) {
    EXPECT_FALSE(mount_that_holds("/dev/dax-that-nobody-has"));
}

}  // namespace
}  // namespace famfs::device
