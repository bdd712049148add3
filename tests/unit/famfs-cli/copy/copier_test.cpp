#include "famfs-cli/copy/copier.h"

#include "tests/unit/test_pool.h"

#include <fcntl.h>

#include <fstream>

namespace famfs::cli {
namespace {

using test::unit;

constexpr std::uint64_t file_bytes = 3 * unit + 5000;

class CopierTest : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(test::make_pool(place_.device, 8));
        ASSERT_NO_FATAL_FAILURE(test::add_second_device(place_.device, directory_ / "second", 8));
        std::ofstream source(directory_ / "source");
        for (std::uint64_t i = 0; i < file_bytes / 8; ++i)
            source.write(reinterpret_cast<const char*>(&i), 8);
        source.close();
        console_.progress = ProgressMode::never;
    }

    std::unique_ptr<shadow::PoolWriter> writer() {
        auto opened = shadow::PoolWriter::open(place_, {});
        EXPECT_TRUE(opened) << opened.error().message;
        return std::move(*opened);
    }

    // How many files came to be; why not goes to reason_.
    std::uint64_t copy(shadow::PoolWriter& to, const omf::File& target) {
        Interrupt interrupt;
        Progress progress(console_, "cp", target.size);
        Copier copier(to, progress, interrupt, true,
                      [&](const std::string&, const std::string& why) { reason_ = why; });
        FileDescriptor source(::open((directory_ / "source").c_str(), O_RDONLY | O_CLOEXEC));
        copier.add(std::move(source), "source", target);
        copier.finish();
        return copier.committed();
    }

    test::TemporaryDirectory directory_;
    shadow::PoolPlace place_{directory_ / "image", directory_ / "tree"};
    Console console_;
    std::string reason_;
};

TEST_F(CopierTest, CopiesToTheDeviceThatEachChunkIsOn) {
    place_.further_devices = {directory_ / "second"};
    const auto to = writer();
    const auto file = to->reserve("f", file_bytes, {}, pool::Striped({0, 1}, unit));
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_EQ(copy(*to, *file), 1U) << reason_;
    for (std::uint64_t at = 0; at < file_bytes; at += unit) {
        const omf::Extent run = file->layout.view().run_at(at);
        EXPECT_EQ(run.device, at / unit % 2);
        const auto image = device::open_memory(run.device == 0 ? place_.device : directory_ / "second",
                                               device::Access::read_only);
        std::uint64_t found = 0;
        ASSERT_TRUE((*image)->read(run.offset, std::as_writable_bytes(std::span(&found, 1))));
        EXPECT_EQ(found, at / 8);
    }
}

TEST_F(CopierTest, NamesADeviceThatIsNotThere) {
    const auto to = writer();
    const auto target = test::file("f", file_bytes, test::extents({{1, test::first_data, 4 * unit}}));
    EXPECT_EQ(copy(*to, target), 0U);
    EXPECT_NE(reason_.find("device 1"), std::string::npos) << reason_;
    std::array<std::byte, 7> found{};
    ASSERT_TRUE(to->devices().read({0, test::first_data}, found));
    EXPECT_EQ(found, (std::array<std::byte, 7>{}));
}

}  // namespace
}  // namespace famfs::cli
