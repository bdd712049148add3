// Mount options as people and fstab write them.
#include "famfs-cli/mount/mount_options.h"

#include <gtest/gtest.h>

namespace famfs::cli {
namespace {

TEST(MountOptions, CommasSeparateUnlessEscaped) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(split_mount_options(""), Words());
    EXPECT_EQ(split_mount_options("ro"), Words({"ro"}));
    EXPECT_EQ(split_mount_options(",a,,b=c,"), Words({"a", "b=c"}));
    EXPECT_EQ(split_mount_options("shadow=/a\\,b,ro"), Words({"shadow=/a,b", "ro"}));
    EXPECT_EQ(split_mount_options("a\\"), Words({"a\\"}));
}

TEST(MountOptions, EachGoesWhereItBelongs) {
    MountRequest request;
    for (const char* option :
         {"ro", "shadow=/s", "data-path=copy", "nofail", "_netdev", "x-systemd.automount", "defaults",
          "noauto", "user", "allow_other", "attr_timeout=2"}) {
        EXPECT_TRUE(take_mount_option(option, request)) << option;
    }
    EXPECT_TRUE(request.read_only);
    EXPECT_EQ(request.shadow, "/s");
    EXPECT_EQ(request.data_path, "copy");
    EXPECT_EQ(request.options, (std::vector<std::string>{"allow_other", "attr_timeout=2"}));
}

TEST(MountOptions, UnknownDataPathIsAUsageError) {
    MountRequest request;
    const auto taken = take_mount_option("data-path=fast", request);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().kind, ErrorKind::usage);
    EXPECT_EQ(request.data_path, "auto");
}

}  // namespace
}  // namespace famfs::cli
