#include "liblog/pool/format.h"

#include "liblog/device/lock.h"
#include "liblog/pool/check.h"
#include "liblog/pool/pool.h"
#include "liblog/pool/system_uuid.h"
#include "tests/unit/test_pool.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace famfs::pool {
namespace {

using device::Access;
using test::unit;

class FormatTest : public testing::Test {
  protected:
    std::unique_ptr<device::Memory> image(const std::string& name, std::uint64_t size) {
        const std::string at = directory_ / name;
        std::ofstream(at).close();
        std::filesystem::resize_file(at, size);
        auto memory = device::open_memory(at, Access::read_write);
        EXPECT_TRUE(memory) << (memory ? "" : memory.error().message);
        return std::move(*memory);
    }

    test::TemporaryDirectory directory_;
};

TEST_F(FormatTest, MakesAnEmptyPoolOfThisHost) {
    auto memory = image("pool", 64 << 20);
    FormatOptions options;
    options.log_length = 16 << 20;
    const auto made = format(*memory, options);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->system, read_system_uuid());
    const auto pool = Pool::open(std::move(memory));
    ASSERT_TRUE(pool) << pool.error().message;
    EXPECT_EQ(pool->role(), Role::master);
    EXPECT_EQ(pool->superblock().device_size, 64U << 20);
    const auto checked = check(*pool, nullptr);
    ASSERT_TRUE(checked);
    EXPECT_TRUE(checked->clean());
    EXPECT_EQ(checked->totals.allocated_bytes, 18U << 20);
}

TEST_F(FormatTest, RefusesWhatItKnowsUnlessForced) {
    auto memory = image("pool", 64 << 20);
    ASSERT_TRUE(format(*memory, {}));
    const auto again = format(*memory, {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ErrorKind::refused);
    FormatOptions forced;
    forced.force = true;
    EXPECT_TRUE(format(*memory, forced));

    // Another version of the format is famfs too.
    const std::uint64_t version = 47;
    ASSERT_TRUE(memory->write(8, std::as_bytes(std::span(&version, 1))));
    EXPECT_EQ(identify(*memory).value(), "famfs");
}

TEST_F(FormatTest, KnowsOtherFileSystems) {
    auto memory = image("pool", 64 << 20);
    EXPECT_EQ(identify(*memory).value(), "");
    // ext: magic 0xEF53 at 1024 + 56, with block size and counts that libblkid accepts
    const std::string command = "mkfs.ext4 -q -F " + memory->description().path + " >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no mkfs.ext4";
    EXPECT_EQ(identify(*memory).value(), "ext4");
    const auto refused = format(*memory, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::refused);
    EXPECT_NE(refused.error().message.find("ext4"), std::string::npos);
}

TEST_F(FormatTest, RefusesBadSizes) {
    auto memory = image("pool", 64 << 20);
    for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{4} << 20, std::uint64_t{12} << 20,
                                       std::uint64_t{64} << 20, std::uint64_t{1} << 63}) {
        FormatOptions options;
        options.log_length = length;
        const auto refused = format(*memory, options);
        ASSERT_FALSE(refused) << length;
        EXPECT_EQ(refused.error().kind, ErrorKind::usage);
    }
    EXPECT_EQ(identify(*memory).value(), "") << "a refused mkfs writes nothing";
}

TEST_F(FormatTest, KillLeavesNoPool) {
    auto memory = image("pool", 64 << 20);
    EXPECT_FALSE(kill(*memory, false)) << "nothing to kill";
    ASSERT_TRUE(format(*memory, {}));
    ASSERT_TRUE(kill(*memory, false));
    EXPECT_EQ(identify(*memory).value(), "");
    const auto pool = Pool::open(std::move(memory));
    ASSERT_FALSE(pool);
    EXPECT_EQ(pool.error().kind, ErrorKind::corrupt);
}

TEST_F(FormatTest, HeldPoolsAreLeftAlone) {
    auto memory = image("pool", 64 << 20);
    ASSERT_TRUE(format(*memory, {}));
    const auto other = device::open_memory(memory->description().path, Access::read_only);
    ASSERT_TRUE(other);
    FormatOptions forced;
    forced.force = true;
    {
        const auto held = device::Lock::acquire(**other, device::LockKind::mounted, true);
        ASSERT_TRUE(held);
        const auto refused = format(*memory, forced);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, ErrorKind::busy);
        EXPECT_FALSE(kill(*memory, false));
    }
    EXPECT_TRUE(format(*memory, forced));
}

TEST_F(FormatTest, LockDiesWithItsHolder) {
    auto memory = image("pool", 64 << 20);
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto own = device::open_memory(memory->description().path, Access::read_write);
        auto lock = device::Lock::acquire(**own, device::LockKind::writer, false);
        const char done = lock ? 'y' : 'n';
        (void)!::write(ready[1], &done, 1);
        ::pause();
        ::_exit(0);
    }
    char held = 0;
    ASSERT_EQ(::read(ready[0], &held, 1), 1);
    ASSERT_EQ(held, 'y');
    EXPECT_FALSE(device::Lock::try_acquire(*memory, device::LockKind::writer, false)->has_value());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(device::Lock::acquire(*memory, device::LockKind::writer, false));
}

TEST_F(FormatTest, ShrunkImageIsAnErrorNotASignal) {
    auto memory = image("pool", 64 << 20);
    ASSERT_TRUE(format(*memory, {}));
    std::filesystem::resize_file(memory->description().path, 1 << 20);
    std::array<std::byte, 4096> page{};
    const auto read = memory->read(omf::log_offset, page);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, EIO);
}

TEST_F(FormatTest, RangesAreChecked) {
    auto memory = image("pool", 64 << 20);
    std::array<std::byte, 16> bytes{};
    EXPECT_FALSE(memory->read((64 << 20) - 8, bytes));
    EXPECT_FALSE(memory->read(~std::uint64_t{0} - 7, bytes));
    EXPECT_FALSE(memory->write((64 << 20) - 8, bytes));
    EXPECT_FALSE(memory->zero(0, ~std::uint64_t{0}));
}

TEST_F(FormatTest, OpensOnlyWhatCanBeAPool) {
    EXPECT_EQ(device::open_memory(directory_ / "missing", Access::read_only).error().code, ENOENT);
    EXPECT_EQ(device::open_memory("/dev/null", Access::read_only).error().kind, ErrorKind::usage);
    EXPECT_FALSE(device::open_memory(directory_ / ".", Access::read_only));
    const std::string fifo = directory_ / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_EQ(device::open_memory(fifo, Access::read_only).error().kind, ErrorKind::usage);
}

TEST_F(FormatTest, SystemUuidIsMadeOnceAndNeverReplaced) {
    EXPECT_FALSE(read_system_uuid());
    const auto made = ensure_system_uuid();
    ASSERT_TRUE(made);
    EXPECT_EQ(ensure_system_uuid().value(), *made);
    EXPECT_EQ(read_system_uuid(), *made);
    std::ofstream(system_uuid_path()) << "nonsense\n";
    EXPECT_FALSE(ensure_system_uuid());
    EXPECT_FALSE(read_system_uuid());
}

}  // namespace
}  // namespace famfs::pool
