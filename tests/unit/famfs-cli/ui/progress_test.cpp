// Progress as programs read it.
#include "famfs-cli/ui/progress.h"

#include <gtest/gtest.h>

namespace famfs::cli {
namespace {

TEST(Progress, JsonLeavesOutWhatIsUnknown) {
    EXPECT_EQ(progress_json({"cp", 1, 2, 3, 0, std::nullopt}),
              R"({"operation":"cp","done":1,"total":2,"files":3,"rate":0})");
    EXPECT_EQ(progress_json({"cp", 1, 2, 3, 4, 5}),
              R"({"operation":"cp","done":1,"total":2,"files":3,"rate":4,"seconds_left":5})");
}

}  // namespace
}  // namespace famfs::cli
