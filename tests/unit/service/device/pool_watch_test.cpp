// Whether the pool that was mounted is still there.
#include "service/device/pool_watch.h"

#include "liblog/device/image_memory.h"
#include "liblog/file_io.h"
#include "omf/superblock.h"
#include "tests/unit/kept_log.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vector>

namespace famfs::service {
namespace {

constexpr std::uint64_t size = 1 << 20;

omf::Uuid uuid(std::uint8_t byte) {
    omf::Uuid value;
    value.bytes.fill(byte);
    return value;
}

class PoolWatchTest : public testing::Test {
  protected:
    void SetUp() override {
        FileDescriptor file(::memfd_create("pool", MFD_CLOEXEC));
        image_ = file.get();
        ASSERT_EQ(::ftruncate(image_, size), 0);
        auto memory = device::adopt_image(std::move(file), "pool");
        ASSERT_TRUE(memory);
        memories_.push_back(nullptr);  // not opened
        memories_.push_back(std::move(*memory));
        format(1);
    }

    void format(std::uint8_t byte) const {
        omf::Superblock superblock;
        superblock.file_system = uuid(byte);
        ASSERT_TRUE(write_at(image_, omf::encode_superblock(superblock), 0));
    }

    void wipe() const { ASSERT_TRUE(write_at(image_, omf::SuperblockBytes{}, 0)); }

    int image_ = -1;
    std::vector<std::unique_ptr<device::Memory>> memories_;
    test::KeptLog log_;
};

TEST_F(PoolWatchTest, ThereIsNothingToSayOfThePoolThatWasMounted) {
    PoolWatch watch(memories_, uuid(1), log_);
    EXPECT_FALSE(watch.gone());
    EXPECT_EQ(watch.why(), "");
    EXPECT_FALSE(watch.gone());
}

TEST_F(PoolWatchTest, WithoutAMemoryNothingIsCompared) {
    PoolWatch watch({}, uuid(1), log_);
    EXPECT_FALSE(watch.gone());
    EXPECT_EQ(watch.why(), "");
}

TEST_F(PoolWatchTest, TheFirstQuestionLooks) {
    format(2);
    PoolWatch watch(memories_, uuid(1), log_);
    EXPECT_TRUE(watch.gone());
}

TEST_F(PoolWatchTest, AnotherFileSystemIsNamed) {
    PoolWatch watch(memories_, uuid(1), log_);
    format(2);
    const std::string why = watch.why();
    EXPECT_NE(why.find(omf::to_string(uuid(1))), std::string::npos) << why;
    EXPECT_NE(why.find(omf::to_string(uuid(2))), std::string::npos) << why;
    EXPECT_TRUE(watch.gone());
}

TEST_F(PoolWatchTest, AWipedSuperblockIsGone) {
    PoolWatch watch(memories_, uuid(1), log_);
    wipe();
    EXPECT_NE(watch.why().find("magic is 0x0"), std::string::npos) << watch.why();
    EXPECT_TRUE(watch.gone());
}

TEST_F(PoolWatchTest, GoneStaysGone) {
    PoolWatch watch(memories_, uuid(1), log_);
    wipe();
    const std::string why = watch.why();
    format(1);
    EXPECT_EQ(watch.why(), why);
    EXPECT_TRUE(watch.gone());
}

// Its reads have errors of their own, and it may be back in a moment.
TEST_F(PoolWatchTest, OneThatCannotBeReadDecidesNothing) {
    PoolWatch watch(memories_, uuid(1), log_);
    ASSERT_EQ(::ftruncate(image_, 100), 0);
    EXPECT_EQ(watch.why(), "");
    EXPECT_FALSE(watch.gone());
    ASSERT_EQ(::ftruncate(image_, size), 0);
    format(1);
    EXPECT_EQ(watch.why(), "");
    EXPECT_FALSE(watch.gone());
}

}  // namespace
}  // namespace famfs::service
