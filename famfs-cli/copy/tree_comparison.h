// Compares files in a mount with a directory tree.
#pragma once

#include "famfs-cli/mount/mounted_path.h"
#include "famfs-cli/ui/interrupt.h"
#include "famfs-cli/ui/progress.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace famfs::cli {

// A way in which the two sides differ.
struct Difference {
    enum class Kind { missing_in_mount, missing_in_directory, type, size, content, unreadable };
    Kind kind = Kind::content;
    std::string path;          // relative to the tops of both trees; "" for these
    std::uint64_t offset = 0;  // of the first byte that differs (content)
    std::uint64_t mount_size = 0;
    std::uint64_t directory_size = 0;
    std::string reason;  // unreadable: why
};

struct VerifyReport {
    std::uint64_t files = 0;  // compared
    std::uint64_t bytes = 0;
    std::vector<Difference> differences;
};

// First collect() what there is to compare, then compare() the contents in parallel. Not thread safe.
class TreeComparison {
  public:
    // `mounts` must outlive it: it tells which directories are roots of famfs mounts.
    explicit TreeComparison(const PathResolver& mounts);
    ~TreeComparison();
    TreeComparison(const TreeComparison&) = delete;
    TreeComparison& operator=(const TreeComparison&) = delete;

    // Takes in one pair and all below it. A name on one side only is a difference, and so are a file and a
    // directory of the same name. A root of a famfs mount has no .meta, on either side. `shown` is the pair's
    // name in the report.
    void collect(const std::string& in_mount, const std::string& in_directory, const std::string& shown);

    // Bytes that compare() will read from either side.
    std::uint64_t total_bytes() const;

    // Differences come in the order of collect(). Stops early when `interrupt` says so.
    VerifyReport compare(Progress& progress, Interrupt& interrupt);

  private:
    struct Pair;
    void compare_names(const Pair& pair);
    void add_difference(Difference difference);
    Result<std::vector<std::string>> names_below(const std::string& directory) const;

    const PathResolver& mounts_;
    std::vector<std::unique_ptr<Pair>> pairs_;
};

}  // namespace famfs::cli
