// A mount with 100,000 files: each document is read once, and maps are made without reading any.
#include "famfs-fused/fuse/ops/ops.h"
#include "famfs-fused/fuse/server/server.h"
#include "famfs-fused/process/daemon_log.h"
#include "liblog/shadow/document.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace famfs::fused {
namespace {

constexpr std::uint64_t count = 100'000;
constexpr std::uint64_t unit = 0x200000;
constexpr std::uint64_t data_start = 0xa00000;

std::string name_of(std::uint64_t number) {
    return "file-" + std::to_string(number);
}

// Bytes that this process has read so far.
std::uint64_t bytes_read() {
    std::ifstream counters("/proc/self/io");
    std::string word;
    std::uint64_t bytes = 0;
    counters >> word >> bytes;
    return bytes;
}

class ManyFilesTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = "/dev/shm/famfs-many-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory_ = name;
        std::filesystem::create_directories(directory_ / "root");
        shadow::DeviceTable table;
        table.add({.uuid = {}, .size = data_start + count * unit, .path = "/dev/dax0.0"});
        table.data_start = data_start;
        std::ofstream(directory_ / "devices.yaml") << shadow::write_devices(table);
        const auto context = table.context();
        for (std::uint64_t number = 0; number < count; ++number) {
            omf::File file;
            file.path = *omf::Path::parse(name_of(number));
            file.size = number;
            file.layout.extents.push_back({0, data_start + number * unit, unit});
            std::string text;
            ASSERT_TRUE(shadow::write_document(file, shadow::Form::uuid, context, text));
            std::ofstream(directory_ / "root" / name_of(number)) << text;
        }
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    std::filesystem::path directory_;
};

TEST_F(ManyFilesTest, EachIsReadOnceAndNoneForItsMap) {
    DaemonLog log(LogTarget::system_log);
    auto tree = ShadowRoot::open(directory_);
    ASSERT_TRUE(tree);
    auto devices = Devices::locate(*tree, {});
    ASSERT_TRUE(devices);
    auto server = Server::create({.kernel_abi = AbiChoice::v10}, std::move(*tree), std::move(*devices),
                                 DataPathKind::iomap, log);
    ASSERT_TRUE(server);
    Server& at = **server;
    at.extension().answer_init({.minor = 45, .flags = std::uint64_t{1} << 43});

    const auto all = [&] {
        for (std::uint64_t number = 0; number < count; ++number) {
            const auto found = at.service().lookup({}, Catalogue::root_id, name_of(number));
            ASSERT_TRUE(found && found->node->kind == NodeKind::file && found->node->size == number)
                << number;
            const auto map = at.maps()->map_of(*found->node, {});
            ASSERT_TRUE(map && map->size() == 56) << number;
        }
    };
    const std::uint64_t before = bytes_read();
    all();
    const std::uint64_t first = bytes_read() - before;
    EXPECT_GT(first, count * 100);
    all();
    // Reading the counters is reading, too.
    EXPECT_LT(bytes_read() - before - first, 1000U);
    EXPECT_EQ(at.service().nodes(), count + 1);
}

}  // namespace
}  // namespace famfs::fused
