// Memory that goes away while it is mapped. A file stands in for the device: cut short, its pages raise
// SIGBUS as those of an unbound device do.
#include "liblog/device/mapped_memory.h"

#include "liblog/device/guarded_access.h"
#include "liblog/file_descriptor.h"
#include "tests/unit/test_pool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace famfs::device {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t size = 64 * page;

class FileMapping final : public MappedMemory {
  public:
    FileMapping()
        : MappedMemory({"dax-like", Kind::devdax, device::size, std::nullopt}, true),
          file_(::memfd_create("dax-like", MFD_CLOEXEC)) {
        cut(device::size);
        base_ = static_cast<std::byte*>(
            ::mmap(nullptr, device::size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0));
    }
    ~FileMapping() override { ::munmap(base_, device::size); }

    void cut(std::uint64_t bytes) { EXPECT_EQ(::ftruncate(file_.get(), static_cast<off_t>(bytes)), 0); }
    std::byte* mapping() const override { return base_; }
    int lock_descriptor() const override { return file_.get(); }

  protected:
    Result<std::span<std::byte>> locate(std::uint64_t offset, std::uint64_t length) const override {
        return std::span(base_ + offset, length);
    }

  private:
    FileDescriptor file_;
    std::byte* base_ = nullptr;
};

class MappedMemoryTest : public testing::Test {
  protected:
    MappedMemoryTest() { bytes_.fill(std::byte{7}); }

    FileMapping memory_;
    std::array<std::byte, 3 * page> bytes_{};
};

template <typename T>
void expect_lost(const Result<T>& result, const char* what) {
    ASSERT_FALSE(result) << what;
    EXPECT_EQ(result.error().code, EIO) << what;
    EXPECT_NE(result.error().message.find("dax-like"), std::string::npos) << result.error().message;
}

TEST_F(MappedMemoryTest, EveryAccessToWhatIsGoneIsAnError) {
    const FileDescriptor source(::memfd_create("source", MFD_CLOEXEC));
    ASSERT_EQ(::pwrite(source.get(), bytes_.data(), bytes_.size(), 0), static_cast<ssize_t>(bytes_.size()));
    ASSERT_TRUE(memory_.write(page, bytes_));
    memory_.cut(2 * page);
    // Ranges that lie beyond the cut, and one that begins before it.
    for (const std::uint64_t offset : {2 * page, size - bytes_.size(), page}) {
        expect_lost(memory_.read(offset, bytes_), "read");
        expect_lost(memory_.write(offset, bytes_), "write");
        expect_lost(memory_.zero(offset, bytes_.size()), "zero");
        expect_lost(memory_.copy_from(source.get(), 0, offset, bytes_.size()), "copy_from");
        expect_lost(memory_.write_back(offset, bytes_.size()), "write_back");
        expect_lost(memory_.invalidate(offset, bytes_.size()), "invalidate");
    }
}

TEST_F(MappedMemoryTest, WhatIsLeftStaysInUse) {
    memory_.cut(2 * page);
    expect_lost(memory_.read(2 * page, bytes_), "read");
    const auto two = std::span(bytes_).first(2 * page);
    std::ranges::fill(two, std::byte{9});
    ASSERT_TRUE(memory_.write(0, two));
    std::ranges::fill(two, std::byte{0});
    ASSERT_TRUE(memory_.read(0, two));
    EXPECT_EQ(two.back(), std::byte{9});
    memory_.cut(size);  // and what comes back, too
    EXPECT_TRUE(memory_.read(2 * page, bytes_));
}

TEST_F(MappedMemoryTest, ThreadsLoseItEachForThemselves) {
    std::atomic<unsigned> lost = 0;
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (unsigned number = 0; number < 4; ++number) {
        threads.emplace_back([&, number] {
            std::array<std::byte, page> own{};
            while (!stop)
                if (!memory_.read(number * page, own)) ++lost;
        });
    }
    for (unsigned round = 0; round < 50; ++round) {
        memory_.cut(round % 2 == 0 ? 0 : size);
        std::this_thread::yield();
    }
    memory_.cut(0);
    const unsigned so_far = lost;
    while (lost < so_far + 100)
        std::this_thread::yield();
    stop = true;
    for (std::thread& thread : threads)
        thread.join();
}

// A fault outside of a guarded access is a mistake of ours, and must not be hidden; nor one that was sent.
TEST(GuardedAccessDeathTest, OtherBusErrorsStillKill) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto fault = [] {
        std::signal(SIGBUS, SIG_DFL);  // a sanitizer's own handler would end it in another way
        FileMapping memory;
        memory.cut(0);
        EXPECT_FALSE(memory.write_back(0, 1));
        *static_cast<volatile std::byte*>(memory.mapping());
    };
    EXPECT_EXIT(fault(), testing::KilledBySignal(SIGBUS), "");
    const auto sent = [] {
        std::signal(SIGBUS, SIG_DFL);
        catch_lost_memory();
        guard_sigbus([] { ::raise(SIGBUS); });
    };
    EXPECT_EXIT(sent(), testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace famfs::device
