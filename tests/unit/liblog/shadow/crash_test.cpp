// Every state that a crash may leave a pool in: each file is absent or whole. See crash_model.h.
#include "liblog/pool/check.h"
#include "liblog/pool/format.h"
#include "liblog/shadow/pool_writer.h"
#include "tests/unit/liblog/shadow/crash_model.h"
#include "tests/unit/test_pool.h"

namespace famfs {
namespace {

using test::CrashStates;
using test::Lines;
using test::Recording;
using test::RecordingMemory;

constexpr std::uint64_t device_bytes = test::first_data + 8 * test::unit;

// Bytes of a file in the order of its content.
using Content = std::vector<std::byte>;

Content pattern(std::size_t size, unsigned seed) {
    Content bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::byte>(1 + (i * 7 + seed) % 255);
    return bytes;
}

enum class Operation { mkdir, creat, copy };

class CrashTest : public testing::Test {
  protected:
    // Memory of a fresh pool, and before that whatever `stale` says.
    Lines formatted(Lines stale = {}) {
        auto memory = std::make_unique<RecordingMemory>(device_bytes, std::move(stale));
        pool::FormatOptions force;
        force.force = true;
        EXPECT_TRUE(pool::format(*memory, force));
        return memory->lines();
    }

    std::unique_ptr<shadow::PoolWriter> writer(Lines content, Recording& recording) {
        auto memory = std::make_unique<RecordingMemory>(device_bytes, std::move(content), &recording);
        auto pool = pool::Pool::open(std::move(memory));
        EXPECT_TRUE(pool) << (pool ? "" : pool.error().message);
        auto opened = shadow::PoolWriter::open(std::move(*pool), {"", directory_ / "shadow"}, {});
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
        return std::move(*opened);
    }

    // Does what the verb does, and notes what the file's content has to be.
    void perform(shadow::PoolWriter& to, Operation operation, const std::string& name) {
        if (operation == Operation::mkdir) {
            ASSERT_TRUE(to.make_directory(name, {0, 0, 0755}));
            expected_[name] = std::nullopt;
            return;
        }
        const std::size_t size = operation == Operation::creat ? 200 : 600;
        const auto file = to.reserve(name, size, {});
        ASSERT_TRUE(file) << file.error().message;
        if (operation == Operation::creat) {
            ASSERT_TRUE(to.zero(*file, 0, size));
            expected_[name] = Content(size);
        } else {
            const Content content = pattern(size, static_cast<unsigned>(name.back()));
            ASSERT_TRUE(to.devices().write({0, file->layout.extents[0].offset}, content));
            expected_[name] = content;
        }
        ASSERT_TRUE(to.zero_tail(*file));
        ASSERT_TRUE(to.commit(*file));
    }

    // Reopens the pool and looks at what is there. Returns what is wrong, "" if nothing.
    std::string wrong_with(const Lines& content, std::size_t committed) {
        auto pool = pool::Pool::open(std::make_unique<RecordingMemory>(device_bytes, content));
        if (!pool) return pool.error().message;
        index::Index index(pool->superblock(), device_bytes);
        std::string wrong;
        std::size_t seen = 0;
        pool::ReplayHooks hooks;
        hooks.report = [&](const pool::Finding& finding) { wrong = pool::describe(finding); };
        hooks.accept = [&](std::uint64_t, const omf::Entry& entry) -> Result<void> {
            ++seen;
            std::visit([&](const auto& value) { compare(*pool, value, wrong); }, entry);
            return {};
        };
        const auto replayed = pool::replay(*pool, index, hooks);
        if (!replayed) return replayed.error().message;
        if (seen < committed) return "a file that was there is gone";
        return wrong;
    }

    static void compare(const pool::Pool&, const omf::Directory&, std::string&) {}
    static void compare(const pool::Pool&, const omf::DaxDevice&, std::string& wrong) {
        wrong = "a device that nobody added";
    }
    void compare(const pool::Pool& pool, const omf::File& file, std::string& wrong) {
        const auto expected = expected_.find(std::string(file.path.view()));
        if (expected == expected_.end() || !expected->second || expected->second->size() != file.size) {
            wrong = "a file that nobody made";
            return;
        }
        Content found(4096);
        EXPECT_TRUE(pool.memory().read(file.layout.extents[0].offset, found));
        Content whole = *expected->second;
        whole.resize(4096);
        if (found != whole) wrong = std::string(file.path.view()) + " is not whole";
    }

    test::TemporaryDirectory directory_;
    std::map<std::string, std::optional<Content>> expected_;
};

TEST_F(CrashTest, FilesAreAbsentOrWhole) {
    std::uint64_t states = 0;
    std::uint64_t sequences = 0;
    const Operation all[] = {Operation::mkdir, Operation::creat, Operation::copy};
    for (const std::size_t length : {1, 2, 3}) {
        for (std::size_t which = 0; which < (length == 1 ? 3U : length == 2 ? 9U : 27U); ++which) {
            std::filesystem::remove_all(directory_ / "shadow");
            expected_.clear();
            ++sequences;
            Lines content = formatted();
            std::size_t rest = which;
            for (std::size_t done = 0; done < length; ++done, rest /= 3) {
                Recording recording;
                const auto to = writer(content, recording);
                perform(*to, all[rest % 3], "f" + std::to_string(done));
                CrashStates crash(content);
                crash.explore(recording, [&](const Lines& state) {
                    const std::string wrong = wrong_with(state, done);
                    ASSERT_EQ(wrong, "")
                        << "sequence " << which << " of " << length << ", operation " << done;
                });
                states += crash.states();
                content = static_cast<RecordingMemory&>(to->devices().primary()).lines();
                ASSERT_EQ(wrong_with(content, done + 1), "");
            }
        }
    }
    RecordProperty("sequences", static_cast<int>(sequences));
    RecordProperty("states", static_cast<int>(states));
    std::printf("%ju sequences, %ju states\n", static_cast<std::uintmax_t>(sequences),
                static_cast<std::uintmax_t>(states));
    EXPECT_GT(states, 30000U);
}

// Memory that held something else before: 61 lines of a page's rest are in doubt, so subsets are sampled.
TEST_F(CrashTest, RecycledMemoryShowsNothingOld) {
    Lines stale;
    for (std::uint64_t number = 0; number < 2 * 4096 / 64; ++number)
        stale[test::first_data / 64 + number].fill(std::byte{0x5a});
    for (const Operation operation : {Operation::creat, Operation::copy}) {
        std::filesystem::remove_all(directory_ / "shadow");
        const Lines content = formatted(stale);
        Recording recording;
        const auto to = writer(content, recording);
        perform(*to, operation, "f");
        CrashStates crash(content);
        crash.explore(recording, [&](const Lines& state) { ASSERT_EQ(wrong_with(state, 0), ""); });
    }
}

// A reader either sees the old pool, no pool, or the new one.
TEST_F(CrashTest, FormattingLeavesOldPoolNoneOrNewOne) {
    Lines old;
    {
        Recording ignored;
        const auto to = writer(formatted(), ignored);
        perform(*to, Operation::copy, "f");
        old = static_cast<RecordingMemory&>(to->devices().primary()).lines();
    }
    Recording recording;
    RecordingMemory memory(device_bytes, old, &recording);
    pool::FormatOptions force;
    force.force = true;
    const auto made = pool::format(memory, force);
    ASSERT_TRUE(made);
    CrashStates crash(old);
    crash.explore(recording, [&](const Lines& state) {
        const auto pool = pool::Pool::open(std::make_unique<RecordingMemory>(device_bytes, state));
        if (!pool) return;
        const auto checked = pool::check(*pool, nullptr);
        ASSERT_TRUE(checked) << checked.error().message;
        ASSERT_TRUE(checked->clean());
        const bool is_new = pool->superblock().file_system == made->file_system;
        ASSERT_EQ(checked->totals.files, is_new ? 0U : 1U);
    });
    std::printf("%ju states\n", static_cast<std::uintmax_t>(crash.states()));
}

// The checker must see what a missing fence does: without any, the index may arrive before its entry.
TEST_F(CrashTest, CheckerFindsAMissingFence) {
    const Lines content = formatted();
    Recording recording;
    const auto to = writer(content, recording);
    perform(*to, Operation::copy, "f");
    Recording broken;
    std::ranges::copy_if(recording, std::back_inserter(broken),
                         [](const test::Event& event) { return event.kind != test::Event::Kind::fence; });
    std::uint64_t violations = 0;
    CrashStates crash(content);
    crash.explore(broken, [&](const Lines& state) { violations += wrong_with(state, 0).empty() ? 0 : 1; });
    EXPECT_GT(violations, 0U);
}

// And what a missing write-back of the data does: the entry arrives, the data may not.
TEST_F(CrashTest, CheckerFindsUnflushedData) {
    const Lines content = formatted();
    Recording recording;
    const auto to = writer(content, recording);
    perform(*to, Operation::copy, "f");
    Recording broken;
    std::ranges::copy_if(recording, std::back_inserter(broken), [](const test::Event& event) {
        return event.kind != test::Event::Kind::write_back || event.line < test::first_data / 64;
    });
    std::uint64_t violations = 0;
    CrashStates crash(content);
    crash.explore(broken, [&](const Lines& state) { violations += wrong_with(state, 0).empty() ? 0 : 1; });
    EXPECT_GT(violations, 0U);
}

}  // namespace
}  // namespace famfs
