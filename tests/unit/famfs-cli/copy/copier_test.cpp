#include "famfs-cli/copy/copier.h"

#include "tests/unit/test_pool.h"

#include <fcntl.h>

#include <fstream>

namespace famfs::cli {
namespace {

using test::unit;

TEST(CopierTest, NamesADeviceThatItCannotWrite) {
    const test::TemporaryDirectory directory;
    const shadow::PoolPlace place{directory / "image", directory / "tree"};
    ASSERT_NO_FATAL_FAILURE(test::make_pool(place.device, 8));
    const auto writer = shadow::PoolWriter::open(place, {});
    ASSERT_TRUE(writer) << writer.error().message;
    std::ofstream(directory / "source") << "content";
    Console console;
    console.progress = ProgressMode::never;
    Interrupt interrupt;
    Progress progress(console, "cp", 7);
    std::string reason;
    Copier copier(**writer, progress, interrupt, true,
                  [&](const std::string&, const std::string& why) { reason = why; });
    FileDescriptor source(::open((directory / "source").c_str(), O_RDONLY | O_CLOEXEC));
    copier.add(std::move(source), "source", test::file("f", 7, test::extents({{1, test::first_data, unit}})));
    copier.finish();
    EXPECT_EQ(copier.committed(), 0U);
    EXPECT_NE(reason.find("device 1"), std::string::npos) << reason;
    std::array<std::byte, 7> found{};
    ASSERT_TRUE((*writer)->memory().read(test::first_data, found));
    EXPECT_EQ(found, (std::array<std::byte, 7>{}));
}

}  // namespace
}  // namespace famfs::cli
