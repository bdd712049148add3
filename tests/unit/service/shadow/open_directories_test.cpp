// Directory handles that hold nothing.
#include "service/shadow/open_directories.h"

#include "liblog/file_descriptor.h"
#include "tests/unit/test_pool.h"

#include <fcntl.h>

#include <fstream>
#include <set>

namespace famfs::service {
namespace {

constexpr int count = 600;  // more names than are read ahead at once

class OpenDirectoriesTest : public testing::Test {
  protected:
    OpenDirectoriesTest() {
        std::filesystem::create_directories(many_);
        for (int number = 0; number < count; ++number)
            std::ofstream(many_ + "/" + std::string(40, 'x') + std::to_string(number));
    }

    FileDescriptor open_many() const {
        return FileDescriptor(::open(many_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }

    // Some entries from `offset` on, with a descriptor of its own as each request has; returns where it
    // ended.
    off_t read_some(std::uint64_t handle, off_t offset, std::set<std::string>& names) {
        const FileDescriptor directory = open_many();
        auto stream = open_.take(handle);
        stream->seek(offset);
        for (int entries = 0; entries < 25; ++entries) {
            const auto entry = stream->peek(directory.get());
            if (!entry) {
                EXPECT_EQ(entry.error(), ENOENT);
                offset = -1;
                break;
            }
            EXPECT_TRUE(names.emplace(entry->name).second) << entry->name;
            offset = entry->next;
            stream->advance();
        }
        open_.put(handle, std::move(stream));
        return offset;
    }

    test::TemporaryDirectory directory_;
    std::string many_ = directory_ / "many";
    OpenDirectories open_;
};

TEST_F(OpenDirectoriesTest, EveryListingIsWholeHoweverManyGoOnAtOnce) {
    struct Listing {
        std::uint64_t handle = 0;
        off_t offset = 0;
        std::set<std::string> names;
    };
    std::vector<Listing> listings(OpenDirectories::max_streams + 16);
    for (Listing& listing : listings)
        listing.handle = open_.open();
    for (bool more = true; more;) {
        more = false;
        for (Listing& listing : listings) {
            if (listing.offset < 0) continue;
            listing.offset = read_some(listing.handle, listing.offset, listing.names);
            more = true;
        }
    }
    for (const Listing& listing : listings)
        EXPECT_EQ(listing.names.size(), count + 2U);
}

TEST_F(OpenDirectoriesTest, FromTheStartItIsReadAnew) {
    const std::uint64_t handle = open_.open();
    std::set<std::string> before;
    read_some(handle, 0, before);
    for (const auto& each : std::filesystem::directory_iterator(many_))
        std::filesystem::remove(each);
    std::set<std::string> after;
    read_some(handle, 0, after);
    EXPECT_EQ(after, (std::set<std::string>{".", ".."}));
}

TEST_F(OpenDirectoriesTest, HandlesAreNeverUsedAgain) {
    const std::uint64_t first = open_.open();
    open_.close(first);
    EXPECT_NE(open_.open(), first);
    EXPECT_FALSE(open_.knows(0));
    EXPECT_TRUE(open_.knows(first));
    EXPECT_FALSE(open_.knows(first + 2));
}

}  // namespace
}  // namespace famfs::service
