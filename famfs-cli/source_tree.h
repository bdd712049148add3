// What cp takes in: the files and directories below its sources, in a fixed order.
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace famfs::cli {

// One thing to copy. A file is opened only when its turn comes, beneath the directory that was named.
struct SourceItem {
    std::string name;         // as a person would type it
    std::string destination;  // in the pool
    bool is_directory = false;
    std::uint64_t size = 0;  // bytes, when it was seen
    std::uint32_t mode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::shared_ptr<const FileDescriptor> top;  // the directory of the named source
    std::string below_top;                      // where the item is beneath `top`
};

struct WalkOptions {
    bool recursive = false;
    bool follow_symlinks = false;
};

// What cannot be taken: its name and why.
using SkipReport = std::function<void(const std::string& name, const std::string& reason)>;

// Appends `source`, and with options.recursive all below it in byte order of the names, parents first. What
// is neither a file nor a directory, or cannot be read, goes to `skip`.
void walk_source(const std::string& source, const std::string& destination, const WalkOptions& options,
                 std::vector<SourceItem>& items, const SkipReport& skip);

// Opens a file of the walk. Fails if it is no regular file any more, or (without follow_symlinks) a symlink
// has come into its path. The message is the reason alone.
Result<FileDescriptor> open_source(const SourceItem& item, const WalkOptions& options, struct stat& status);

}  // namespace famfs::cli
