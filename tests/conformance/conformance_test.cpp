// What a file of the pool does, whoever serves it: each case runs against the service itself and against a
// mount of it.
#include "liblog/index/inode.h"
#include "liblog/shadow/devices.h"
#include "liblog/shadow/document.h"
#include "omf/superblock.h"
#include "tests/conformance/driver.h"
#include "tests/unit/test_pool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace famfs::conformance {
namespace {

using test::unit;

constexpr std::uint64_t file_bytes = 5000;
constexpr std::uint64_t striped_bytes = 3 * unit + 5;
constexpr std::uint64_t file_id = 16;
constexpr std::uint64_t striped_id = 17;
constexpr std::uint64_t private_id = 18;
constexpr std::uint64_t locked_id = 19;
constexpr uid_t owner = 1000;
constexpr uid_t stranger = 1001;
constexpr gid_t team = 2000;

// An image, and a shadow tree of some files in it.
class Pool {
  public:
    Pool() {
        std::filesystem::create_directory(path(""));
        omf::Superblock superblock;
        superblock.file_system.bytes.fill(1);
        superblock.device.bytes.fill(2);
        superblock.device_size = 64 * unit;
        const auto bytes = omf::encode_superblock(superblock);
        write("image", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        std::filesystem::resize_file(path("image"), superblock.device_size);
        table_.file_system = superblock.file_system;
        table_.data_start = test::first_data;
        table_.add({superblock.device, superblock.device_size, path("image")});
        write("devices.yaml", shadow::write_devices(table_));
        make_tree();
        std::filesystem::permissions(directory_ / "", std::filesystem::perms(0755));
    }

    std::string path(const std::string& name) const { return directory_ / ("tree/" + name); }
    void write(const std::string& name, std::string_view text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    void document(omf::File file, index::InodeId id) const {
        std::string text;
        ASSERT_TRUE(shadow::write_document(file, shadow::Form::uuid, table_.context(), text, id));
        write("root/" + std::string(file.path.view()), text);
    }

  private:
    void make_tree() {
        std::filesystem::create_directories(path("root/.meta"));
        std::filesystem::create_directories(path("root/dir/below"));
        std::filesystem::create_directories(path("root/locked"));
        document(owned("file", file_bytes, 0666, {{0, 10 * unit, unit}}), file_id);
        auto striped =
            owned("dir/striped", striped_bytes, 0644, {{0, 11 * unit, 2 * unit}, {0, 13 * unit, 2 * unit}});
        striped.layout.chunk_size = unit;
        document(striped, striped_id);
        document(owned("private", file_bytes, 0640, {{0, 16 * unit, unit}}), private_id);
        document(owned("locked/inside", 1, 0666, {{0, 17 * unit, unit}}), locked_id);
        auto shared = owned("shared", 1, 0666, {{0, 18 * unit, unit}});
        shared.flags = omf::flag_read_only;
        document(shared, 20);
        document(owned("setuid", 1, 04777, {{0, 19 * unit, unit}}), 21);
        document(owned("empty", 0, 0666, {{0, 20 * unit, unit}}), 22);
        write("root/broken", "nonsense");
        std::filesystem::permissions(path("root/locked"), std::filesystem::perms(0700));
    }

    static omf::File owned(std::string_view name, std::uint64_t size, std::uint32_t mode,
                           std::initializer_list<omf::Extent> list) {
        omf::File file = test::file(name, size, test::extents(list));
        file.mode = mode;
        file.uid = owner;
        file.gid = team;
        return file;
    }

    test::TemporaryDirectory directory_;
    shadow::DeviceTable table_;
};

struct Way {
    const char* name;
    Made (*make)(const std::string& directory, bool read_only);
};

class Conformance : public testing::TestWithParam<Way> {
  protected:
    void SetUp() override {
        const bool mounts = GetParam().make == make_mount_driver;
        if (::geteuid() != 0 || (mounts && ::access("/dev/fuse", R_OK | W_OK) != 0))
            GTEST_SKIP() << "only root can mount, where there is a /dev/fuse, and become other users";
    }

    Driver& at() { return *start(false); }
    Driver& read_only() { return *start(true); }

    Driver* start(bool read_only) {
        if (!driver_) {
            Made made = GetParam().make(pool_.path(""), read_only);
            if (!made.driver) throw std::runtime_error(made.why_not);
            driver_ = std::move(made.driver);
        }
        return driver_.get();
    }

    void become(uid_t uid, gid_t gid, std::span<const gid_t> groups = {}) {
        at().become({.uid = uid, .gid = gid, .groups = groups});
    }

    Pool pool_;
    std::unique_ptr<Driver> driver_;
};

// 0 for success.
template <typename T>
int code(const Outcome<T>& outcome) {
    return outcome ? 0 : outcome.error();
}

TEST_P(Conformance, AFileShowsWhatItsDocumentSays) {
    const auto status = at().attributes("file");
    ASSERT_TRUE(status);
    EXPECT_EQ(status->st_ino, file_id);
    EXPECT_EQ(status->st_size, static_cast<off_t>(file_bytes));
    EXPECT_EQ(status->st_mode, static_cast<mode_t>(S_IFREG | 0666));
    EXPECT_EQ(status->st_uid, owner);
    EXPECT_EQ(status->st_gid, team);
    EXPECT_EQ(status->st_nlink, 1U);
    EXPECT_TRUE(S_ISDIR(at().attributes("dir/below")->st_mode));
    EXPECT_EQ(at().attributes("")->st_ino, index::root_inode);
    EXPECT_EQ(at().attributes(".meta")->st_ino, index::meta_inode);
}

TEST_P(Conformance, WhatIsNotThereIsNotFound) {
    EXPECT_EQ(code(at().attributes("nothing")), ENOENT);
    EXPECT_EQ(code(at().attributes("nothing/below")), ENOENT);
    EXPECT_EQ(code(at().attributes("file/below")), ENOTDIR);
    EXPECT_EQ(code(at().attributes(std::string(300, 'x'))), ENAMETOOLONG);
}

TEST_P(Conformance, BytesThatWereWrittenAreRead) {
    EXPECT_EQ(at().write("file", O_WRONLY, 100, "hello").value_or(0), 5U);
    EXPECT_EQ(at().read("file", O_RDONLY, 98, 9).value_or(""), std::string("\0\0hello\0\0", 9));
    EXPECT_TRUE(at().sync("file"));
}

TEST_P(Conformance, AStripedFileIsOneRunOfBytes) {
    const std::string bytes = "over the edge of a chunk";
    ASSERT_EQ(at().write("dir/striped", O_RDWR, unit - 4, bytes).value_or(0), bytes.size());
    EXPECT_EQ(at().read("dir/striped", O_RDONLY, unit - 4, bytes.size()).value_or(""), bytes);
}

TEST_P(Conformance, NothingIsReadPastTheEnd) {
    EXPECT_EQ(at().read("file", O_RDONLY, file_bytes - 3, 10)->size(), 3U);
    EXPECT_EQ(at().read("file", O_RDONLY, file_bytes, 10)->size(), 0U);
    EXPECT_EQ(at().read("file", O_RDONLY, std::uint64_t{1} << 40, 10)->size(), 0U);
    EXPECT_EQ(at().read("empty", O_RDONLY, 0, 10)->size(), 0U);
}

TEST_P(Conformance, AFileDoesNotGrow) {
    EXPECT_EQ(at().write("file", O_WRONLY, file_bytes - 3, "hello").value_or(0), 3U);
    EXPECT_EQ(code(at().write("file", O_WRONLY, file_bytes, "x")), EFBIG);
    EXPECT_EQ(code(at().write("empty", O_WRONLY, 0, "x")), EFBIG);
    EXPECT_EQ(at().attributes("file")->st_size, static_cast<off_t>(file_bytes));
}

TEST_P(Conformance, AHandleDoesWhatItWasOpenedFor) {
    EXPECT_EQ(code(at().read("file", O_WRONLY, 0, 1)), EBADF);
    EXPECT_EQ(code(at().write("file", O_RDONLY, 0, "x")), EBADF);
}

TEST_P(Conformance, SizeAndModeStayAsTheyAre) {
    EXPECT_EQ(code(at().truncate("file", file_bytes)), 0);
    EXPECT_EQ(code(at().truncate("file", 0)), EPERM);
    EXPECT_EQ(code(at().truncate("file", file_bytes + 1)), EPERM);
    EXPECT_EQ(code(at().change_mode("file", 0666)), 0);
    EXPECT_EQ(code(at().change_mode("file", 0600)), EPERM);
    EXPECT_EQ(code(at().open("file", O_WRONLY | O_TRUNC)), EPERM);
    EXPECT_EQ(code(at().open("empty", O_WRONLY | O_TRUNC)), 0);
}

TEST_P(Conformance, NamesAreMadeAndRemovedElsewhere) {
    EXPECT_EQ(code(at().make_directory("new")), EPERM);
    EXPECT_EQ(code(at().remove("file")), EPERM);
    EXPECT_EQ(code(at().remove("nothing")), ENOENT);
    EXPECT_TRUE(at().attributes("file"));
}

TEST_P(Conformance, WhoMayNotWrite) {
    EXPECT_EQ(code(at().open("shared", O_WRONLY)), EPERM) << "read-only for every host";
    EXPECT_EQ(code(at().open("setuid", O_WRONLY)), 0);
    become(owner, team);
    EXPECT_EQ(code(at().open("setuid", O_WRONLY)), EPERM) << "its set-id bit could not be dropped";
    EXPECT_EQ(code(at().open("setuid", O_RDONLY)), 0);
}

TEST_P(Conformance, PermissionsAreThoseOfTheCaller) {
    become(owner, owner);
    EXPECT_EQ(code(at().open("private", O_RDWR)), 0);
    become(stranger, team);
    EXPECT_EQ(code(at().open("private", O_RDONLY)), 0) << "by its group";
    EXPECT_EQ(code(at().open("private", O_WRONLY)), EACCES);
    const gid_t groups[] = {3000, team};
    become(stranger, stranger, groups);
    EXPECT_EQ(code(at().open("private", O_RDONLY)), 0) << "by a supplementary group";
    become(stranger, stranger);
    EXPECT_EQ(code(at().open("private", O_RDONLY)), EACCES);
    EXPECT_EQ(code(at().attributes("private")), 0) << "a name may be looked at";
}

TEST_P(Conformance, ADirectoryThatIsClosedHidesWhatIsInIt) {
    EXPECT_EQ(code(at().attributes("locked/inside")), 0);
    become(stranger, stranger);
    EXPECT_EQ(code(at().attributes("locked/inside")), EACCES);
    EXPECT_EQ(code(at().open("locked/inside", O_RDONLY)), EACCES);
    EXPECT_EQ(code(at().list("locked")), EACCES);
    EXPECT_EQ(code(at().list("dir")), 0);
}

TEST_P(Conformance, AListingSaysWhatLookingSays) {
    const auto entries = at().list("");
    ASSERT_TRUE(entries);
    std::vector<std::string> names;
    for (const Entry& entry : *entries) {
        names.push_back(entry.name);
        if (entry.name == "..") continue;  // of a mount it is outside
        const auto status = at().attributes(entry.name == "." ? "" : entry.name);
        ASSERT_TRUE(status) << entry.name;
        EXPECT_EQ(entry.inode, status->st_ino) << entry.name;
    }
    std::ranges::sort(names);
    const std::vector<std::string> all{".",    "..",     ".meta",   "broken", "dir",   "empty",
                                       "file", "locked", "private", "setuid", "shared"};
    EXPECT_EQ(names, all);
    EXPECT_EQ(code(at().list("file")), ENOTDIR);
}

TEST_P(Conformance, AFileWithABrokenDocumentIsSeenAndNotOpened) {
    EXPECT_TRUE(at().attributes("broken"));
    EXPECT_EQ(code(at().open("broken", O_RDONLY)), EUCLEAN);
}

TEST_P(Conformance, TwoFilesOfOneIdAreTwoFiles) {
    pool_.document(test::file("twin", 7, test::extents({{0, 30 * unit, unit}})), file_id);
    const auto first = at().attributes("file");
    const auto second = at().attributes("twin");
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->st_size, static_cast<off_t>(file_bytes));
    EXPECT_EQ(second->st_size, 7);
}

TEST_P(Conformance, SeeksToDataAndToTheEnd) {
    EXPECT_EQ(at().seek("file", 10, SEEK_DATA).value_or(0), 10U);
    EXPECT_EQ(at().seek("file", 10, SEEK_HOLE).value_or(0), file_bytes);
    EXPECT_EQ(code(at().seek("file", file_bytes, SEEK_DATA)), ENXIO);
}

TEST_P(Conformance, TellsWhereAFileLies) {
    EXPECT_EQ(at().extended_attribute("file", "user.famfs.data_path").value_or(""), "copy");
    const auto extents = at().extended_attribute("file", "user.famfs.extents");
    ASSERT_TRUE(extents);
    EXPECT_NE(extents->find(std::to_string(10 * unit)), std::string::npos) << *extents;
    EXPECT_EQ(code(at().extended_attribute("dir", "user.famfs.extents")), ENODATA);
    EXPECT_EQ(code(at().extended_attribute("file", "trusted.other")), EOPNOTSUPP);
}

TEST_P(Conformance, NothingIsWrittenWhereOnlyReadingWasAskedFor) {
    EXPECT_EQ(code(read_only().open("file", O_WRONLY)), EROFS);
    EXPECT_EQ(code(at().truncate("file", file_bytes)), EROFS);
    EXPECT_EQ(code(at().remove("file")), EROFS);
    EXPECT_EQ(code(at().make_directory("new")), EROFS);
    EXPECT_EQ(code(at().read("file", O_RDONLY, 0, 1)), 0);
}

TEST_P(Conformance, SaysHowLargeThePoolIs) {
    const auto figures = at().statfs();
    ASSERT_TRUE(figures);
    EXPECT_EQ(figures->f_blocks * figures->f_frsize, 64 * unit);
}

INSTANTIATE_TEST_SUITE_P(Ways, Conformance,
                         testing::Values(Way{"service", make_direct_driver}, Way{"mount", make_mount_driver}),
                         [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace famfs::conformance
