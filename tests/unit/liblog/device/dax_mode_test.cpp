// Changing a device's mode, with a directory in the place of the host's root and drivers that behave as the
// kernel's.
#include "liblog/device/dax_mode.h"

#include "liblog/device/mode_hold.h"
#include "tests/unit/test_pool.h"

namespace famfs::device {
namespace {

namespace fs = std::filesystem;

// The device's node is said to have the number of /dev/null, which any user may open.
constexpr const char* null_number = "1:3\n";

void write_file(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
}

class FakeSystem final : public DaxSystem {
  public:
    explicit FakeSystem(const std::string& root) : DaxSystem(root) {
        write_file(device("dev"), null_number);
        for (const char* driver : {"device_dax", "fsdev_dax", "kmem"})
            for (const char* file : {"new_id", "remove_id", "bind", "unbind"})
                write_file(driver_file(driver, file), "");
        fs::create_directories(at("/proc"));
    }

    std::string device(const char* file) const { return dax_device_file("dax0.0", file, *this); }

    void set_driver(std::string_view driver) const {
        fs::remove(device("driver"));
        fs::create_symlink(fs::path("../../drivers") / driver, device("driver"));
    }

    void hold(const std::string& name, const char* state, const char* claimed, const char* pinned) const {
        const fs::path held = at("/sys/fs/famfs_dax/devices/" + name);
        write_file(held / "state", std::string(state) + "\n");
        write_file(held / "claimed", std::string(claimed) + "\n");
        write_file(held / "pinned", std::string(pinned) + "\n");
        write_file(held / "attachments", "1\n");
    }

    Result<void> tell(std::string_view driver, std::string_view file,
                      const std::string& name) const override {
        const std::string what = fs::path(driver) / file;
        told.push_back(what + " " + name);
        if (const auto refused = refusals.find(what); refused != refusals.end())
            return fail_errno(refused->second, what);
        const bool bound = fs::is_symlink(device("driver"));
        if (file == "unbind") fs::remove(device("driver"));
        if (file == "remove_id") known_.erase(std::string(driver));
        if (file == "new_id") known_.insert(std::string(driver));
        if (file == "bind" && !known_.contains(std::string(driver))) return fail_errno(ENODEV, what);
        if ((file == "new_id" || file == "bind") && !bound && !unable.contains(std::string(driver)))
            set_driver(driver);
        return {};
    }

    std::map<std::string, int> refusals;  // "driver/file": the errno of a write to it
    std::set<std::string> unable;         // drivers whose probe fails, of which new_id says nothing
    mutable std::vector<std::string> told;

  private:
    mutable std::set<std::string> known_;  // drivers that were told the device's name
};

class DaxModeTest : public testing::Test {
  protected:
    DaxModeTest() { system_.set_driver("device_dax"); }

    Result<void> set(DaxMode wanted) { return set_dax_mode("dax0.0", wanted, system_); }
    DaxMode mode() const { return dax_mode("dax0.0", system_); }

    // Refused, and no driver was told anything.
    void expect_untouched(DaxMode wanted, ErrorKind kind, const std::string& text) {
        const DaxMode before = mode();
        const auto changed = set(wanted);
        ASSERT_FALSE(changed);
        EXPECT_EQ(changed.error().kind, kind);
        EXPECT_NE(changed.error().message.find(text), std::string::npos) << changed.error().message;
        EXPECT_TRUE(system_.told.empty()) << system_.told.front();
        EXPECT_EQ(mode(), before);
    }

    test::TemporaryDirectory directory_;
    FakeSystem system_{directory_ / "root"};
};

using Told = std::vector<std::string>;

TEST_F(DaxModeTest, ThereAndBack) {
    ASSERT_TRUE(set(DaxMode::fsdev));
    EXPECT_EQ(mode(), DaxMode::fsdev);
    EXPECT_EQ(system_.told, (Told{"device_dax/unbind dax0.0", "fsdev_dax/new_id dax0.0"}));
    system_.told.clear();
    ASSERT_TRUE(set(DaxMode::devdax));
    EXPECT_EQ(mode(), DaxMode::devdax);
    EXPECT_EQ(system_.told,
              (Told{"fsdev_dax/unbind dax0.0", "fsdev_dax/remove_id dax0.0", "device_dax/new_id dax0.0"}));
}

TEST_F(DaxModeTest, NothingToDoWhoeverUsesIt) {
    const auto other = ModeHold::try_alone("dax0.0", system_);
    ASSERT_TRUE(other && *other);
    EXPECT_TRUE(set(DaxMode::devdax));
    EXPECT_TRUE(system_.told.empty());
}

TEST_F(DaxModeTest, WithoutADriver) {
    fs::remove(system_.device("driver"));
    ASSERT_TRUE(set(DaxMode::fsdev));
    EXPECT_EQ(mode(), DaxMode::fsdev);
    fs::remove(system_.device("driver"));
    ASSERT_TRUE(set(DaxMode::devdax));
    EXPECT_EQ(mode(), DaxMode::devdax);
}

// new_id is refused for a name that the driver knows already; bind then does it.
TEST_F(DaxModeTest, DriverThatKnowsTheName) {
    ASSERT_TRUE(set(DaxMode::fsdev));
    ASSERT_TRUE(set(DaxMode::devdax));
    system_.refusals["fsdev_dax/remove_id"] = ENODEV;
    ASSERT_TRUE(set(DaxMode::fsdev));
    ASSERT_TRUE(set(DaxMode::devdax));
    system_.refusals["fsdev_dax/new_id"] = EEXIST;
    ASSERT_TRUE(set(DaxMode::fsdev));
    EXPECT_EQ(mode(), DaxMode::fsdev);
}

TEST_F(DaxModeTest, KernelWithoutTheDriver) {
    fs::remove_all(fs::path(system_.driver_file("fsdev_dax", "new_id")).parent_path());
    expect_untouched(DaxMode::fsdev, ErrorKind::unsupported, "modprobe fsdev_dax");
}

TEST_F(DaxModeTest, SystemRam) {
    system_.set_driver("kmem");
    expect_untouched(DaxMode::fsdev, ErrorKind::refused, "daxctl reconfigure-device --mode=devdax dax0.0");
    expect_untouched(DaxMode::devdax, ErrorKind::refused, "system-ram");
}

TEST_F(DaxModeTest, NoSuchDevice) {
    const auto changed = set_dax_mode("dax9.9", DaxMode::fsdev, system_);
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, ENOENT);
    EXPECT_NE(changed.error().message.find("dax9.9"), std::string::npos);
}

TEST_F(DaxModeTest, HeldByAProgramOfOurs) {
    {
        const auto other = ModeHold::try_alone("dax0.0", system_);
        ASSERT_TRUE(other && *other);
        expect_untouched(DaxMode::fsdev, ErrorKind::busy, "it is mounted, or a famfs program");
    }
    EXPECT_TRUE(set(DaxMode::fsdev));
}

TEST_F(DaxModeTest, NodeIsOpen) {
    const fs::path process = system_.at("/proc/4711");
    fs::create_directories(process / "fd");
    fs::create_symlink("/dev/zero", process / "fd/3");
    ASSERT_TRUE(set(DaxMode::fsdev));
    ASSERT_TRUE(set(DaxMode::devdax));
    system_.told.clear();
    fs::create_symlink("/dev/null", process / "fd/4");
    expect_untouched(DaxMode::fsdev, ErrorKind::busy, "process 4711 has it open");
}

TEST_F(DaxModeTest, NodeIsMapped) {
    const fs::path process = system_.at("/proc/4711");
    write_file(process / "maps", "7f0000000000-7f0000200000 rw-s 00000000 00:06 4 /dev/dax0.0\n");
    fs::create_directories(process / "map_files");
    fs::create_symlink("/dev/null", process / "map_files/7f0000000000-7f0000200000");
    expect_untouched(DaxMode::fsdev, ErrorKind::busy, "process 4711 has it open");
}

// udev makes the node some time after the driver has taken the device.
TEST_F(DaxModeTest, NodeIsNotThereYet) {
    ASSERT_FALSE(fs::exists(system_.at("/dev/dax0.0")));
    ASSERT_TRUE(set(DaxMode::fsdev));
    EXPECT_TRUE(set(DaxMode::devdax));
}

TEST_F(DaxModeTest, NumberThatMakesNoSense) {
    for (const char* number : {"", "1", "1-3", "x:3", ":"}) {
        write_file(system_.device("dev"), number);
        expect_untouched(DaxMode::fsdev, ErrorKind::io, "names no device");
    }
}

TEST_F(DaxModeTest, ExtentFilesOfIt) {
    system_.set_driver("fsdev_dax");
    system_.hold("dax0.0", "live", "0", "0");
    expect_untouched(DaxMode::devdax, ErrorKind::busy, "a process has attached it");
    system_.hold("dax0.0", "live", "4096", "0");
    expect_untouched(DaxMode::devdax, ErrorKind::busy, "processes have files of it open or mapped");
    system_.hold("dax0.0", "live", "8192", "4096");
    expect_untouched(DaxMode::devdax, ErrorKind::busy, "processes have files of it open or mapped");
    system_.hold("dax0.0", "live", "4096", "4096");
    expect_untouched(DaxMode::devdax, ErrorKind::busy, "in a pipe or in I/O under way");
    fs::remove_all(system_.at("/sys/fs/famfs_dax/devices/dax0.0"));
    EXPECT_TRUE(set(DaxMode::devdax));
}

TEST_F(DaxModeTest, AnotherDeviceLeaves) {
    system_.hold("dax1.0", "live", "4096", "4096");
    ASSERT_TRUE(set(DaxMode::fsdev));
    system_.told.clear();
    system_.hold("dax1.0", "leaving", "4096", "4096");
    expect_untouched(DaxMode::devdax, ErrorKind::busy, "dax1.0 is being unbound");
}

TEST_F(DaxModeTest, OldDriverDoesNotLetGo) {
    system_.refusals["device_dax/unbind"] = EACCES;
    const auto changed = set(DaxMode::fsdev);
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, EACCES);
    EXPECT_EQ(system_.told, Told{"device_dax/unbind dax0.0"});
    EXPECT_EQ(mode(), DaxMode::devdax);
}

TEST_F(DaxModeTest, NewDriverRefusesToFsdev) {
    system_.refusals["fsdev_dax/new_id"] = ENOMEM;
    system_.refusals["fsdev_dax/bind"] = ENODEV;
    const auto changed = set(DaxMode::fsdev);
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, ENOMEM);  // the first reason, not that of what was tried after it
    EXPECT_EQ(mode(), DaxMode::devdax);
}

TEST_F(DaxModeTest, NewDriverDoesNotTakeIt) {
    system_.unable = {"fsdev_dax"};
    auto changed = set(DaxMode::fsdev);
    ASSERT_FALSE(changed);
    EXPECT_NE(changed.error().message.find("fsdev_dax does not take the device"), std::string::npos);
    EXPECT_EQ(mode(), DaxMode::devdax);
    // Nor does it take the device later, when nobody expects it.
    EXPECT_EQ(std::ranges::count(system_.told, "fsdev_dax/remove_id dax0.0"), 1);

    system_.unable.clear();
    ASSERT_TRUE(set(DaxMode::fsdev));
    system_.unable = {"device_dax"};
    changed = set(DaxMode::devdax);
    ASSERT_FALSE(changed);
    EXPECT_NE(changed.error().message.find("device_dax does not take the device"), std::string::npos);
    EXPECT_EQ(mode(), DaxMode::fsdev);
}

TEST_F(DaxModeTest, NeitherDriverTakesIt) {
    system_.unable = {"fsdev_dax", "device_dax"};
    const auto changed = set(DaxMode::fsdev);
    ASSERT_FALSE(changed);
    EXPECT_NE(changed.error().message.find("fsdev_dax"), std::string::npos) << changed.error().message;
    EXPECT_EQ(mode(), DaxMode::unbound);
    // What is left can be mended by the next change.
    system_.unable.clear();
    EXPECT_TRUE(set(DaxMode::devdax));
    EXPECT_EQ(mode(), DaxMode::devdax);
}

// The files of the real system, as far as they can be written without one.
TEST(DaxSystemTest, WritesTheName) {
    const test::TemporaryDirectory directory;
    const DaxSystem system(directory / "root");
    write_file(system.driver_file("fsdev_dax", "new_id"), "");
    ASSERT_TRUE(system.tell("fsdev_dax", "new_id", "dax0.0"));
    std::string text;
    std::ifstream(system.driver_file("fsdev_dax", "new_id")) >> text;
    EXPECT_EQ(text, "dax0.0");
    const auto missing = system.tell("fsdev_dax", "bind", "dax0.0");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ENOENT);
    EXPECT_NE(missing.error().message.find("fsdev_dax/bind"), std::string::npos);
}

}  // namespace
}  // namespace famfs::device
