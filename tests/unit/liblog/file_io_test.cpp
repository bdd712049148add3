// Small files in directories where others may have put something.
#include "liblog/file_io.h"

#include "liblog/file_descriptor.h"
#include "liblog/private_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace famfs {
namespace {

class FileIoTest : public testing::Test {
  protected:
    FileIoTest() {
        std::string name = "/dev/shm/famfs-io-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "mkdtemp";
        directory_ = name;
        top_ = FileDescriptor(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    ~FileIoTest() override { std::filesystem::remove_all(directory_); }

    std::string path(const char* name) const { return directory_ / name; }
    void write(const char* name, const char* text) const { std::ofstream(path(name)) << text; }
    int code(const char* name, std::size_t limit = 64, Owner owner = Owner::anyone) const {
        const auto read = read_file(top_.get(), name, limit, owner);
        return read ? 0 : read.error().code;
    }
    Result<void> replace(const char* text) const {
        return replace_file(top_.get(), ".new", "file", text, 0640);
    }
    void expect_content(const char* name, const char* wanted) const {
        EXPECT_EQ(read_file(top_.get(), name, 64).value_or("nothing"), wanted);
    }

    std::filesystem::path directory_;
    FileDescriptor top_;
};

TEST_F(FileIoTest, ReadsRegularFilesAlone) {
    write("file", "text");
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    ASSERT_EQ(::symlink("file", path("link").c_str()), 0);
    ASSERT_EQ(::mkdir(path("directory").c_str(), 0700), 0);
    expect_content("file", "text");
    EXPECT_EQ(code("fifo"), EUCLEAN);
    EXPECT_EQ(code("link"), ELOOP);
    EXPECT_EQ(code("directory"), EUCLEAN);
    EXPECT_EQ(code("nothing"), ENOENT);
    EXPECT_EQ(code("file", 4), 0);
    EXPECT_EQ(code("file", 3), EFBIG);
}

TEST_F(FileIoTest, ReadsFilesOfTrustedOwners) {
    write("file", "text");
    EXPECT_EQ(code("file", 64, Owner::trusted), 0);
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to make another user's file";
    ASSERT_EQ(::chown(path("file").c_str(), 1234, 1234), 0);
    EXPECT_EQ(code("file", 64, Owner::trusted), EPERM);
    EXPECT_EQ(code("file"), 0);
}

TEST_F(FileIoTest, ReplacesWithANewFileWhateverIsInTheWay) {
    write("others", "theirs");
    const auto in_the_way = {
        +[](const std::string&, const std::string& at) { return ::mkfifo(at.c_str(), 0600); },
        +[](const std::string& others, const std::string& at) {
            return ::symlink(others.c_str(), at.c_str());
        },
        +[](const std::string& others, const std::string& at) { return ::link(others.c_str(), at.c_str()); }};
    for (const char* name : {".new", "file"}) {
        for (const auto make : in_the_way) {
            ASSERT_EQ(make(path("others"), path(name)), 0);
            ASSERT_TRUE(replace("ours"));
            expect_content("file", "ours");
            expect_content("others", "theirs");
            struct stat status{};
            ASSERT_EQ(::lstat(path("file").c_str(), &status), 0);
            EXPECT_EQ(status.st_mode, mode_t{S_IFREG | 0640});
            ASSERT_EQ(::unlink(path("file").c_str()), 0);
        }
    }
}

TEST_F(FileIoTest, DoesNotReplaceADirectory) {
    for (const char* name : {".new", "file"}) {
        ASSERT_EQ(::mkdir(path(name).c_str(), 0700), 0);
        EXPECT_FALSE(replace("ours"));
        ASSERT_EQ(::rmdir(path(name).c_str()), 0);
    }
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(FileIoTest, KnowsWhatOthersMayWrite) {
    EXPECT_TRUE(check_private(directory_));
    EXPECT_TRUE(check_private(path("not/there/yet")));
    ASSERT_EQ(::chmod(directory_.c_str(), 0757), 0);
    EXPECT_EQ(check_private(directory_).error().code, EPERM);
    EXPECT_EQ(check_private(path("below")).error().code, EPERM);
    ASSERT_EQ(::chmod(directory_.c_str(), 01777), 0);
    EXPECT_FALSE(check_private(directory_)) << "sticky, but its own entries are anybody's";
    EXPECT_TRUE(check_private(path("below")));
    write("file", "");
    EXPECT_FALSE(check_private(path("file")));
}

TEST_F(FileIoTest, ResolvesADirectoryOnce) {
    ASSERT_EQ(::symlink(directory_.c_str(), path("link").c_str()), 0);
    EXPECT_EQ(*resolve_directory(path("link")), directory_);
    EXPECT_EQ(*resolve_directory(path("link/")), directory_);
    EXPECT_EQ(*resolve_directory(path("link/new/../er")), path("er"));
    EXPECT_EQ(*resolve_directory("/"), "/");
}

}  // namespace
}  // namespace famfs
