// An append that fails, or fails to say that it succeeded; a pool that is formatted under a writer.
#include "liblog/pool/check.h"
#include "liblog/pool/format.h"
#include "liblog/shadow/pool_writer.h"
#include "tests/unit/test_pool.h"
#include "tests/unit/wrapped_memory.h"

#include <fstream>

namespace famfs::shadow {
namespace {

using device::Access;
using test::unit;

constexpr std::uint64_t log_tail = omf::log_offset + omf::log_tail_offset;

enum class Fault {
    none,
    lost,    // the store of the log's tail does not happen, and fails
    stored,  // it happens, and fails all the same
    unread,  // it happens and fails, and from then on the log's header cannot be read
};

class FaultyImage final : public test::WrappedMemory {
  public:
    using WrappedMemory::WrappedMemory;

    Result<void> read(std::uint64_t offset, std::span<std::byte> out) override {
        if (unreadable_ && offset == omf::log_offset) return fail_errno(EIO, "image");
        return WrappedMemory::read(offset, out);
    }
    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) override {
        if (offset != log_tail || fault == Fault::none) return WrappedMemory::write(offset, bytes);
        if (fault != Fault::lost)
            if (auto written = WrappedMemory::write(offset, bytes); !written) return written;
        unreadable_ = fault == Fault::unread;
        fault = Fault::none;
        return fail_errno(EIO, "image");
    }

    Fault fault = Fault::none;

  private:
    bool unreadable_ = false;
};

class FailedAppendTest : public testing::Test {
  protected:
    FailedAppendTest() {
        std::ofstream(place_.device).close();
        std::filesystem::resize_file(place_.device, test::first_data + 64 * unit);
        EXPECT_TRUE(pool::format(*image(), {}));
        auto faulty = std::make_unique<FaultyImage>(image());
        memory_ = faulty.get();
        auto pool = pool::Pool::open(std::move(faulty));
        EXPECT_TRUE(pool);
        auto opened = PoolWriter::open(std::move(*pool), place_, {});
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
        writer_ = std::move(*opened);
    }

    std::unique_ptr<device::Memory> image() const {
        return std::move(*device::open_memory(place_.device, Access::read_write));
    }

    Result<void> create(std::string_view path) {
        const auto file = writer_->reserve(path, 1, {});
        if (!file) return std::unexpected(file.error());
        last_offset_ = file->layout.extents.span().front().offset;
        return writer_->commit(*file);
    }

    // Entries that the log counts; the pool must be sound.
    std::uint64_t entries() const {
        const auto pool = pool::Pool::open(place_.device, Access::read_only);
        const auto checked = pool::check(*pool, nullptr);
        EXPECT_TRUE(checked && checked->clean());
        return checked->replay.header.next_index;
    }

    test::TemporaryDirectory directory_;
    PoolPlace place_{directory_ / "pool", directory_ / "shadow", Form::uuid};
    FaultyImage* memory_ = nullptr;
    std::unique_ptr<PoolWriter> writer_;
    std::uint64_t last_offset_ = 0;
};

TEST_F(FailedAppendTest, EntryThatTheHeaderCountsIsInTheLog) {
    memory_->fault = Fault::stored;
    const auto made = create("a");
    EXPECT_TRUE(made) << made.error().message;
    const std::uint64_t first = last_offset_;
    EXPECT_TRUE(create("b"));
    EXPECT_NE(first, last_offset_);
    EXPECT_EQ(entries(), 2U);
}

TEST_F(FailedAppendTest, EntryThatTheHeaderDoesNotCountIsNot) {
    memory_->fault = Fault::lost;
    const auto failed = create("a");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, EIO);
    EXPECT_EQ(entries(), 0U);
    EXPECT_TRUE(create("a"));
    EXPECT_EQ(entries(), 1U);
}

// The entry counts, but the writer cannot know: nothing may take its space.
TEST_F(FailedAppendTest, NothingTakesTheSpaceOfAnEntryInDoubt) {
    const auto waiting = writer_->reserve("b", 1, {});
    ASSERT_TRUE(waiting);
    const std::uint64_t free = writer_->free_bytes();
    memory_->fault = Fault::unread;
    const auto failed = create("a");
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find("cannot be told"), std::string::npos) << failed.error().message;
    EXPECT_EQ(writer_->free_bytes(), free - unit);
    EXPECT_TRUE(writer_->in_doubt());
    EXPECT_FALSE(writer_->commit(*waiting));
    EXPECT_FALSE(writer_->reserve("c", 1, {}));
    EXPECT_FALSE(writer_->make_directory("d", {}));
    EXPECT_EQ(writer_->free_bytes(), free - unit);
    EXPECT_EQ(entries(), 1U);
}

// As another host does it, which knows nothing of this host's locks.
TEST_F(FailedAppendTest, NothingIsAppendedToAPoolThatWasFormattedMeanwhile) {
    ASSERT_TRUE(create("a"));
    const std::string other = directory_ / "other";
    std::filesystem::copy_file(place_.device, other);
    pool::FormatOptions forced;
    forced.force = true;
    ASSERT_TRUE(pool::format(**device::open_memory(other, Access::read_write), forced));
    std::vector<std::byte> start(omf::log_offset + omf::log_header_bytes);
    ASSERT_TRUE((*device::open_memory(other, Access::read_only))->read(0, start));
    ASSERT_TRUE(image()->write(0, start));

    const auto failed = create("b");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, ErrorKind::refused);
    EXPECT_EQ(failed.error().code, ESTALE);
    EXPECT_FALSE(writer_->make_directory("d", {}));
    EXPECT_EQ(entries(), 0U);
}

// A pool that was opened, and formatted before the writer's lock was had.
TEST_F(FailedAppendTest, SuperblockIsReadAgainUnderTheLock) {
    writer_.reset();
    auto pool = pool::Pool::open(image());
    ASSERT_TRUE(pool);
    pool::FormatOptions forced;
    forced.force = true;
    ASSERT_TRUE(pool::format(*image(), forced));
    const PoolPlace fresh{place_.device, directory_ / "fresh", Form::uuid};
    const auto opened = PoolWriter::open(std::move(*pool), fresh, {});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ESTALE);
    EXPECT_FALSE(std::filesystem::exists(fresh.shadow));
}

}  // namespace
}  // namespace famfs::shadow
