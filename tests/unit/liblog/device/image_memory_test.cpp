// An image that was cut short: nothing makes it longer again, for then zeros would stand where data was lost.
#include "liblog/device/image_memory.h"

#include "liblog/file_descriptor.h"
#include "liblog/file_io.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace famfs::device {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t size = 16 * page;
constexpr std::uint64_t cut = 4 * page + 100;

class ImageMemoryTest : public testing::Test {
  protected:
    void SetUp() override {
        FileDescriptor file(::memfd_create("image", MFD_CLOEXEC));
        image_ = file.get();
        resize(size);
        auto memory = adopt_image(std::move(file), "image");
        ASSERT_TRUE(memory);
        memory_ = std::move(*memory);
        resize(cut);
        bytes_.fill(std::byte{7});
    }

    void resize(std::uint64_t bytes) const { ASSERT_EQ(::ftruncate(image_, static_cast<off_t>(bytes)), 0); }

    std::uint64_t image_size() const {
        struct stat status{};
        EXPECT_EQ(::fstat(image_, &status), 0);
        return static_cast<std::uint64_t>(status.st_size);
    }

    template <typename T>
    void expect_refused(const Result<T>& result) const {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, EIO);
        EXPECT_NE(result.error().message.find("has shrunk"), std::string::npos) << result.error().message;
        EXPECT_EQ(image_size(), cut);
    }

    int image_ = -1;
    std::unique_ptr<Memory> memory_;
    std::array<std::byte, page> bytes_{};
};

TEST_F(ImageMemoryTest, NoWriteMakesItLonger) {
    for (const std::uint64_t offset : {cut - 1, cut, 8 * page, size - page}) {
        expect_refused(memory_->write(offset, bytes_));
        expect_refused(memory_->zero(offset, page));
        expect_refused(memory_->check_present(offset, page));
    }
}

TEST_F(ImageMemoryTest, NoCopyMakesItLonger) {
    const FileDescriptor source(::memfd_create("source", MFD_CLOEXEC));
    ASSERT_TRUE(write_at(source.get(), bytes_, 0));
    expect_refused(memory_->copy_from(source.get(), 0, cut - 1, page));
    expect_refused(memory_->copy_from(source.get(), 0, 8 * page, page));
    // A pipe and the like: through a buffer.
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const FileDescriptor reading(ends[0]);
    const FileDescriptor writing(ends[1]);
    expect_refused(memory_->copy_from(reading.get(), 0, 8 * page, page));
}

TEST_F(ImageMemoryTest, WhatIsLeftCanBeWritten) {
    EXPECT_TRUE(memory_->write(0, bytes_));
    EXPECT_TRUE(memory_->write(cut - page, bytes_));
    EXPECT_TRUE(memory_->zero(page, page));
    EXPECT_TRUE(memory_->check_present(size, 0));
    EXPECT_EQ(image_size(), cut);
    resize(size);
    EXPECT_TRUE(memory_->write(size - page, bytes_));
}

}  // namespace
}  // namespace famfs::device
