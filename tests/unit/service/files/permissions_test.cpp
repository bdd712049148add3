#include "service/files/permissions.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

namespace famfs::service {
namespace {

struct stat file(mode_t mode) {
    struct stat status{};
    status.st_mode = S_IFREG | mode;
    status.st_uid = 1000;
    status.st_gid = 2000;
    return status;
}

bool may(mode_t mode, const Caller& caller, int wanted) {
    return check_access(file(mode), caller, wanted).has_value();
}

TEST(PermissionsTest, TheFirstClassThatFitsDecides) {
    const Caller owner{.uid = 1000, .gid = 2000};
    EXPECT_FALSE(may(0077, owner, R_OK)) << "the owner is not of the group here";
    EXPECT_TRUE(may(0700, owner, R_OK | W_OK | X_OK));
    const Caller member{.uid = 1, .gid = 2000};
    EXPECT_FALSE(may(0707, member, R_OK));
    EXPECT_TRUE(may(0070, member, R_OK | W_OK));
    const Caller other{.uid = 1, .gid = 1};
    EXPECT_FALSE(may(0770, other, R_OK));
    EXPECT_TRUE(may(0004, other, R_OK));
    EXPECT_FALSE(may(0004, other, R_OK | W_OK));
}

TEST(PermissionsTest, SupplementaryGroupsCount) {
    const std::array<gid_t, 2> groups{5, 2000};
    EXPECT_TRUE(may(0040, {.uid = 1, .gid = 1, .groups = groups}, R_OK));
    EXPECT_FALSE(may(0040, {.uid = 1, .gid = 1, .groups = std::span(groups).first(1)}, R_OK));
}

TEST(PermissionsTest, RootMayAllButExecuteWhatNobodyMay) {
    const Caller root{};
    EXPECT_TRUE(may(0, root, R_OK | W_OK));
    EXPECT_FALSE(may(0666, root, X_OK));
    EXPECT_TRUE(may(0001, root, X_OK));
    struct stat directory = file(0);
    directory.st_mode = S_IFDIR;
    EXPECT_TRUE(check_access(directory, root, X_OK));
}

TEST(PermissionsTest, TheErrorIsEacces) {
    EXPECT_EQ(check_access(file(0), {.uid = 1, .gid = 1}, R_OK).error(), EACCES);
    EXPECT_TRUE(check_access(file(0), {.uid = 1, .gid = 1}, 0)) << "nothing is wanted";
}

}  // namespace
}  // namespace famfs::service
