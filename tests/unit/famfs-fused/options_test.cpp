#include "famfs-fused/options.h"

#include "liblog/exit_status.h"

#include <gtest/gtest.h>

namespace famfs::fused {
namespace {

Result<std::variant<Options, Information>> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "famfs-fused");
    return parse_options(static_cast<int>(words.size()), words.data());
}

Options options(const std::vector<const char*>& words) {
    const auto parsed = parse(words);
    if (!parsed) ADD_FAILURE() << parsed.error().message;
    return parsed ? std::get<Options>(*parsed) : Options{};
}

TEST(OptionsTest, ReadsAll) {
    const Options read =
        options({"--shadow", "S", "--device", "/dev/dax0.0", "--device=b", "--data-path", "copy",
                 "--foreground", "--threads=3", "--pid-file", "P", "--status-fd", "5", "-o",
                 "noatime,direct_io", "-o", "attr_timeout=0.5,entry_timeout=20", "M"});
    EXPECT_EQ(read.shadow, "S");
    EXPECT_EQ(read.devices, (std::vector<std::string>{"/dev/dax0.0", "b"}));
    EXPECT_EQ(read.data_path, DataPathKind::copy);
    EXPECT_TRUE(read.foreground);
    EXPECT_EQ(read.threads, 3U);
    EXPECT_EQ(read.pid_file, "P");
    EXPECT_EQ(read.status_descriptor, 5);
    EXPECT_TRUE(read.mount.direct_io);
    EXPECT_EQ(read.mount.attribute_timeout, 0.5);
    EXPECT_EQ(read.mount.entry_timeout, 20);
    EXPECT_EQ(read.mount.others, std::vector<std::string>{"noatime"});
    EXPECT_EQ(read.mountpoint, "M");
    EXPECT_FALSE(read.read_only);
}

TEST(OptionsTest, HasDefaults) {
    const Options read = options({"--shadow", "S", "M"});
    EXPECT_EQ(read.data_path, DataPathKind::automatic);
    EXPECT_GE(read.threads, 2U);
    EXPECT_EQ(read.mount.attribute_timeout, 1);
    EXPECT_EQ(read.mount.entry_timeout, 1);
    EXPECT_FALSE(read.foreground);
    EXPECT_FALSE(read.status_descriptor);
}

TEST(OptionsTest, ReadOnlyIsOneThingHoweverItIsSaid) {
    for (const auto& words :
         std::vector<std::vector<const char*>>{{"--shadow", "S", "--read-only", "M"},
                                               {"--shadow", "S", "-oro", "M"},
                                               {"--shadow", "S", "--data-path", "yaml", "M"}}) {
        EXPECT_TRUE(options(words).read_only);
        EXPECT_TRUE(options(words).mount.read_only);
    }
    EXPECT_FALSE(options({"--shadow", "S", "-o", "ro,rw", "M"}).read_only);
}

TEST(OptionsTest, SaysInOneLineWhatItDoesNotUnderstand) {
    const std::vector<std::vector<const char*>> wrong{
        {},
        {"--shadow", "S"},
        {"M"},
        {"--shadow", "S", "M", "N"},
        {"--shadow", "S", "--nonsense", "M"},
        {"--shadow", "S", "--threads", "x", "M"},
        {"--shadow", "S", "--threads", "-1", "M"},
        {"--shadow", "S", "--threads", "257", "M"},
        {"--shadow", "S", "--status-fd", "2", "M"},
        {"--shadow", "S", "--status-fd", "x", "M"},
        {"--shadow", "S", "--data-path", "fast", "M"},
        {"--shadow", "S", "-o", "attr_timeout=soon", "M"},
        {"--shadow", "S", "-o", "attr_timeout", "M"},
        {"--shadow", "S", "-o", "entry_timeout=-1", "M"},
        {"--shadow", "S", "-o", "entry_timeout=nan", "M"},
        {"--shadow", "S", "-o", "entry_timeout=1e99", "M"},
        {"--shadow", "S", "-o", "max_read=100", "M"},
        {"--shadow", "S", "-o", "max_read=many", "M"},
        {"--shadow", "S", "-o", "fsname=x", "M"},
        {"--shadow", "S", "-o", "subtype=x", "M"},
        {"--shadow", "S", "--bad\n\x1b[31m", "M"},
    };
    for (const auto& words : wrong) {
        const auto parsed = parse(words);
        ASSERT_FALSE(parsed) << words.size();
        EXPECT_EQ(exit_status(parsed.error().kind), exit_usage);
        EXPECT_EQ(parsed.error().message.find('\n'), std::string::npos) << parsed.error().message;
        EXPECT_EQ(parsed.error().message.find('\x1b'), std::string::npos);
        EXPECT_FALSE(parsed.error().message.empty());
    }
}

TEST(OptionsTest, HelpAndVersionAreNoErrors) {
    for (const char* word : {"--help", "--version"}) {
        const auto parsed = parse({word});
        ASSERT_TRUE(parsed);
        EXPECT_NE(std::get<Information>(*parsed).text.find("famfs-fused"), std::string::npos);
    }
}

TEST(MountOptionsTest, EscapesTheSource) {
    EXPECT_EQ(libfuse_options({}, "/a,b\\c", false), "fsname=/a\\,b\\\\c,subtype=famfs,default_permissions");
}

TEST(MountOptionsTest, OpensTheMountToOthersForRootOnly) {
    EXPECT_EQ(libfuse_options({}, "d", true), "fsname=d,subtype=famfs,default_permissions,allow_other");
    MountOptions asked;
    ASSERT_TRUE(add_mount_options("allow_root,noatime", asked));
    EXPECT_EQ(libfuse_options(asked, "d", true),
              "fsname=d,subtype=famfs,default_permissions,allow_root,noatime");
}

TEST(MountOptionsTest, KeepsEscapedCommasTogether) {
    MountOptions asked;
    ASSERT_TRUE(add_mount_options("context=a\\,b,,ro,noexec", asked));
    EXPECT_EQ(asked.others, (std::vector<std::string>{"context=a\\,b", "noexec"}));
    EXPECT_TRUE(asked.read_only);
    MountOptions cut;
    EXPECT_TRUE(add_mount_options("noexec\\", cut));
    EXPECT_EQ(cut.others, std::vector<std::string>{"noexec\\"});
}

}  // namespace
}  // namespace famfs::fused
