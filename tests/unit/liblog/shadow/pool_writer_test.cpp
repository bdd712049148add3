#include "liblog/shadow/pool_writer.h"

#include "liblog/pool/check.h"
#include "liblog/pool/format.h"
#include "liblog/shadow/logplay.h"
#include "tests/unit/test_pool.h"
#include "tests/unit/wrapped_memory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace famfs::shadow {
namespace {

using device::Access;
using test::unit;

// An image whose files, so it says, can be reached through a mount only: the mount is the tree itself.
class MountedImage final : public test::WrappedMemory {
  public:
    MountedImage(std::unique_ptr<device::Memory> image, std::string mountpoint)
        : WrappedMemory(std::move(image)), mountpoint_(std::move(mountpoint)) {}

    std::string mountpoint() const override { return mountpoint_; }
    void make_files_with(const device::FileMaker& maker) override { maker_ = maker; }
    Result<device::MappedRange> reach(std::span<const omf::Extent> extents, std::uint64_t size) override {
        if (!maker_) return device::MappedRange();  // the log
        const auto file = maker_(extents, size);
        if (!file) return std::unexpected(file.error());
        std::string text(4096, '\0');
        text.resize(static_cast<std::size_t>(::pread(file->get(), text.data(), text.size(), 0)));
        documents.push_back(text);
        return device::MappedRange();
    }
    std::vector<std::string> documents;

  private:
    std::string mountpoint_;
    device::FileMaker maker_;
};

// A pool on an image file of 64 units of data, and a shadow tree.
class PoolWriterTest : public testing::Test {
  protected:
    PoolWriterTest() {
        std::ofstream(place_.device).close();
        std::filesystem::resize_file(place_.device, test::first_data + 64 * unit);
        auto memory = device::open_memory(place_.device, Access::read_write);
        EXPECT_TRUE(pool::format(**memory, {}));
    }

    std::unique_ptr<PoolWriter> writer() {
        auto opened = PoolWriter::open(place_, {});
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
        return opened ? std::move(*opened) : nullptr;
    }

    void create(PoolWriter& to, std::string_view path, std::uint64_t size = 1) {
        const auto file = to.reserve(path, size, {});
        ASSERT_TRUE(file) << file.error().message;
        ASSERT_TRUE(to.commit(*file));
    }

    omf::Uuid pool_uuid() const {
        return pool::Pool::open(place_.device, Access::read_only)->superblock().file_system;
    }

    // How many temporary documents the tree has.
    std::ptrdiff_t temporaries() const {
        return std::ranges::count_if(
            std::filesystem::directory_iterator(place_.shadow + "/root/.meta"),
            [](const auto& entry) { return entry.path().filename().string().starts_with(".temporary-"); });
    }

    LogplayResult replay(const std::string& shadow, LogplayOptions options = {}) {
        const auto pool = pool::Pool::open(place_.device, Access::read_only);
        EXPECT_TRUE(pool);
        options.hooks.report = [&](const pool::Finding& finding) {
            findings_.push_back(pool::describe(finding));
        };
        const auto done = logplay(*pool, shadow, options);
        EXPECT_TRUE(done) << (done ? "" : done.error().message);
        return done.value_or(LogplayResult{});
    }

    pool::CheckResult check() {
        const auto pool = pool::Pool::open(place_.device, Access::read_only);
        return pool::check(
                   *pool, [&](const pool::Finding& finding) { findings_.push_back(pool::describe(finding)); })
            .value();
    }

    // path -> content, mode and owner of everything in a tree.
    static std::map<std::string, std::string> listing(const std::string& root) {
        std::map<std::string, std::string> all;
        for (const auto& item : std::filesystem::recursive_directory_iterator(root)) {
            struct stat status{};
            ::lstat(item.path().c_str(), &status);
            std::ostringstream text;
            text << status.st_mode << ' ' << status.st_uid << ' ' << status.st_gid << '\n';
            if (item.is_regular_file()) text << std::ifstream(item.path()).rdbuf();
            all[item.path().lexically_relative(root)] = text.str();
        }
        return all;
    }

    test::TemporaryDirectory directory_;
    PoolPlace place_{directory_ / "pool", directory_ / "shadow", Form::uuid};
    std::vector<std::string> findings_;
};

TEST_F(PoolWriterTest, WhatItWritesIsWhatLogplayWrites) {
    {
        const auto to = writer();
        ASSERT_TRUE(to->make_directory("d", {0, 0, 0755}));
        ASSERT_TRUE(to->make_directory("d/e", {0, 0, 0700}));
        create(*to, "d/e/f", 3 * unit);
        create(*to, "empty", 0);
        create(*to, "new\nline \xc3\xa9");
        create(*to, "\xff");
    }
    const auto result = replay(directory_ / "other");
    EXPECT_EQ(result.totals.files, 4U);
    EXPECT_EQ(result.totals.directories, 2U);
    EXPECT_EQ(listing(place_.shadow + "/root"), listing(directory_ / "other/root"));
    EXPECT_TRUE(check().clean());
}

TEST_F(PoolWriterTest, LogplayWritesOnlyWhatIsNew) {
    create(*writer(), "a");
    EXPECT_EQ(replay(directory_ / "other").written, 1U);
    EXPECT_EQ(replay(directory_ / "other").written, 0U);
    create(*writer(), "b");
    EXPECT_EQ(replay(directory_ / "other").written, 1U);
    EXPECT_EQ(replay(directory_ / "other").totals.files, 2U);
}

TEST_F(PoolWriterTest, LogplayMendsAnInterruptedTree) {
    {
        const auto to = writer();
        ASSERT_TRUE(to->make_directory("d", {0, 0, 0751}));
        create(*to, "d/a");
        create(*to, "d/b");
    }
    replay(directory_ / "other");
    const auto whole = listing(directory_ / "other/root");
    // As kill -9 may leave it: no state, a directory half made, a document missing, another one old.
    std::filesystem::remove(directory_ / "other/state.yaml");
    std::filesystem::remove(directory_ / "other/root/d/a");
    std::ofstream(directory_ / "other/root/d/b") << "old";
    std::ofstream(directory_ / "other/.staged/entry") << "half";
    ::chmod((directory_ / "other/root/d").c_str(), 0700);
    EXPECT_EQ(replay(directory_ / "other").written, 3U);
    EXPECT_EQ(listing(directory_ / "other/root"), whole);
}

TEST_F(PoolWriterTest, StateOfAnotherBootIsNotTrusted) {
    create(*writer(), "a");
    const std::string state = place_.shadow + "/state.yaml";
    std::ostringstream text;
    text << std::ifstream(state).rdbuf();
    auto read = read_state(text.str()).value();
    read.boot.bytes[0] ^= 1;
    std::ofstream(state) << write_state(read);
    std::filesystem::remove(place_.shadow + "/root/a");
    EXPECT_EQ(replay(place_.shadow).written, 1U);
}

TEST_F(PoolWriterTest, TreeOfAnotherPoolIsRefused) {
    create(*writer(), "a");
    auto memory = device::open_memory(place_.device, Access::read_write);
    pool::FormatOptions force;
    force.force = true;
    ASSERT_TRUE(pool::format(**memory, force));
    const auto refused = PoolWriter::open(place_, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::refused);
}

TEST_F(PoolWriterTest, SomebodysDirectoryIsNotATree) {
    std::filesystem::create_directory(place_.shadow);
    std::ofstream(place_.shadow + "/letter") << "dear";
    const auto refused = PoolWriter::open(place_, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::refused);
}

TEST_F(PoolWriterTest, RefusesWhatCannotBe) {
    const auto to = writer();
    create(*to, "a");
    const auto code = [&](const std::string& path, std::uint64_t size = 1) {
        const auto refused = to->reserve(path, size, {});
        return refused ? 0 : refused.error().code;
    };
    EXPECT_EQ(code("a"), EEXIST);
    EXPECT_EQ(code("a/b"), ENOTDIR);
    EXPECT_EQ(code("x/b"), ENOENT);
    EXPECT_EQ(code(std::string(80, 'n')), ENAMETOOLONG);
    EXPECT_EQ(code(".meta/x"), EINVAL);
    EXPECT_EQ(code("../x"), EINVAL);
    EXPECT_EQ(code("big", 64 * unit), ENOSPC);
    const auto held = to->reserve("held", 1, {});
    ASSERT_TRUE(held);
    EXPECT_EQ(code("held"), EEXIST);
    EXPECT_EQ(to->free_bytes(), 62 * unit);
    to->release(*held);
    EXPECT_EQ(to->free_bytes(), 63 * unit);
    EXPECT_EQ(code("held"), 0);
}

TEST_F(PoolWriterTest, FailedCommitLeavesNothing) {
    // A directory where the document should go makes its publishing fail only after the log has it, so the
    // place aside is what is spoilt.
    const auto to = writer();
    const auto file = to->reserve("a", 1, {});
    ASSERT_TRUE(file);
    std::filesystem::remove_all(place_.shadow + "/.staged");
    EXPECT_FALSE(to->commit(*file));
    EXPECT_EQ(to->free_bytes(), 64 * unit);
    EXPECT_FALSE(to->find("a"));
    EXPECT_FALSE(std::filesystem::exists(place_.shadow + "/root/a"));
    EXPECT_EQ(check().replay.accepted, 0U);
}

TEST_F(PoolWriterTest, RecycledMemoryReadsAsZeros) {
    const auto to = writer();
    const std::vector<std::byte> old(2 * unit, std::byte{0x5a});
    ASSERT_TRUE(to->devices().write({0, test::first_data}, old));
    const auto file = to->reserve("a", unit + 10, {});
    ASSERT_TRUE(file);
    ASSERT_TRUE(to->zero(*file, 0, 5));
    ASSERT_TRUE(to->zero_tail(*file));
    std::vector<std::byte> now(2 * unit);
    ASSERT_TRUE(to->devices().read({0, test::first_data}, now));
    EXPECT_EQ(now[4], std::byte{0});
    EXPECT_EQ(now[5], std::byte{0x5a});
    EXPECT_EQ(now[unit + 9], std::byte{0x5a});
    EXPECT_EQ(now[unit + 10], std::byte{0});
    EXPECT_EQ(now[unit + 4095], std::byte{0});
    EXPECT_EQ(now[unit + 4096], std::byte{0x5a});
}

TEST_F(PoolWriterTest, ManyThreadsShareOneWriter) {
    {
        const auto to = writer();
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread)
            threads.emplace_back([&, thread] {
                for (int i = 0; i < 15; ++i)
                    create(*to, "f" + std::to_string(thread) + "-" + std::to_string(i));
            });
    }
    const auto checked = check();
    EXPECT_TRUE(checked.clean());
    EXPECT_EQ(checked.totals.files, 60U);
    EXPECT_EQ(checked.totals.allocated_bytes, test::first_data + 60 * unit);
}

TEST_F(PoolWriterTest, ClientIsToldSo) {
    ::setenv("FAMFS_SYSTEM_UUID_FILE", (directory_ / "nobody").c_str(), 1);
    const auto refused = PoolWriter::open(place_, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::refused);
}

TEST_F(PoolWriterTest, NothingIsAppendedBehindABadEntry) {
    create(*writer(), "a");
    create(*writer(), "b");
    auto memory = device::open_memory(place_.device, Access::read_write);
    const std::byte flipped{0xff};
    ASSERT_TRUE((*memory)->write(omf::entry_offset(1) + 100, std::span(&flipped, 1)));
    const auto refused = PoolWriter::open(place_, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::corrupt);
    const auto result = replay(directory_ / "other");
    EXPECT_EQ(result.replayed, 1U);
    EXPECT_EQ(result.findings, 1U);
    EXPECT_TRUE(std::filesystem::exists(directory_ / "other/root/a"));
}

TEST_F(PoolWriterTest, FindingsAreReportedAgain) {
    create(*writer(), "a");
    omf::LogHeader header;
    header.next_index = header.next_seqnum = 2;
    auto memory = device::open_memory(place_.device, Access::read_write);
    ASSERT_TRUE((*memory)->write(omf::entry_offset(1),
                                 omf::encode_entry(1, omf::Directory{test::path("a"), 0, 0, 0755})));
    ASSERT_TRUE((*memory)->write(omf::log_offset, omf::encode_log_header(header)));
    EXPECT_EQ(replay(directory_ / "other").findings, 1U);
    EXPECT_EQ(replay(directory_ / "other").findings, 1U);
    ASSERT_EQ(findings_.size(), 2U);
    EXPECT_EQ(findings_[0], findings_[1]);
    EXPECT_NE(findings_[0].find("entry 1 (a)"), std::string::npos);
}

TEST_F(PoolWriterTest, ReachesANewFileOfAMountThroughATemporaryDocument) {
    auto image = device::open_memory(place_.device, Access::read_write);
    ASSERT_TRUE(image);
    auto mounted = std::make_unique<MountedImage>(std::move(*image), place_.shadow + "/root");
    const MountedImage& memory = *mounted;
    auto pool = pool::Pool::open(std::move(mounted));
    ASSERT_TRUE(pool);
    const auto to = PoolWriter::open(std::move(*pool), place_, {});
    ASSERT_TRUE(to) << to.error().message;
    create(**to, "file", 3 * unit);
    ASSERT_EQ(memory.documents.size(), 1U);
    EXPECT_NE(memory.documents[0].find(".meta/.temporary-"), std::string::npos);
    EXPECT_NE(memory.documents[0].find(std::to_string(test::first_data)), std::string::npos);
    for (const auto& entry : std::filesystem::directory_iterator(place_.shadow + "/root/.meta"))
        EXPECT_FALSE(entry.path().filename().string().starts_with(".temporary")) << entry.path();
}

TEST_F(PoolWriterTest, SweepsTheTemporaryDocumentOfAKilledWriter) {
    ASSERT_TRUE(writer());
    const pid_t child = ::fork();
    if (child == 0) {
        auto tree = Tree::open(place_.shadow, Form::uuid, pool_uuid());
        if (!tree) ::_exit(1);
        tree->set_devices(first_device(*pool::Pool::open(place_.device, Access::read_only)));
        const omf::Extent extent{0, test::first_data, unit};
        (void)tree->with_temporary({&extent, 1}, 1, [](std::string_view) -> Result<void> { ::_exit(0); });
        ::_exit(2);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    ASSERT_EQ(temporaries(), 1) << "the child was to leave one";
    ASSERT_TRUE(writer());
    EXPECT_EQ(temporaries(), 0);
}

// Whoever sweeps has the tree's lock.
TEST_F(PoolWriterTest, ATemporaryDocumentIsThereOnlyUnderTheTreesLock) {
    ASSERT_TRUE(writer());
    auto tree = Tree::open(place_.shadow, Form::uuid, pool_uuid());
    ASSERT_TRUE(tree) << tree.error().message;
    tree->set_devices(first_device(*pool::Pool::open(place_.device, Access::read_only)));
    const FileDescriptor top(::open(place_.shadow.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const omf::Extent extent{0, test::first_data, unit};
    const auto used = tree->with_temporary({&extent, 1}, 1, [&](std::string_view) -> Result<void> {
        EXPECT_EQ(temporaries(), 1);
        EXPECT_NE(::flock(top.get(), LOCK_EX | LOCK_NB), 0);
        return {};
    });
    EXPECT_TRUE(used);
    EXPECT_EQ(temporaries(), 0);
}

}  // namespace
}  // namespace famfs::shadow
