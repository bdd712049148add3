// What cp takes in: the files and directories below its sources, in a fixed order.
#pragma once

#include "famfs-cli/mount/mounted_path.h"
#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace famfs::cli {

// A file or directory for as long as it exists, whatever path leads there.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileId&) const = default;
};

// The directory that a named source lies in. It is opened anew when something beneath it is wanted.
struct SourceTop {
    std::string path;
    FileId id;
};

// One thing to copy. It is opened only when its turn comes, beneath the directory that was named.
struct SourceItem {
    std::string name;         // as a person would type it
    std::string destination;  // in the pool
    bool is_directory = false;
    bool has_acl = false;    // of a directory: it has a POSIX ACL, its own or a default
    std::uint64_t size = 0;  // bytes, when it was seen
    std::uint32_t mode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::shared_ptr<const SourceTop> top;
    std::string below_top;  // where the item is beneath `top`
};

struct WalkOptions {
    bool recursive = false;
    bool follow_symlinks = false;
    const PathResolver* mounts =
        nullptr;           // to know famfs mounts among the sources; none are if it is not there
    std::string device{};  // of the pool that the destination is in
};

// What cannot be taken: its name and why.
using SkipReport = std::function<void(const std::string& name, const std::string& reason)>;

// Whether an open file or directory has a POSIX ACL that its mode does not tell.
bool has_acl(int file);

// Opens items of a walk. Keeps one descriptor, of the last item's top. Not thread safe.
class SourceOpener {
  public:
    explicit SourceOpener(bool follow_symlinks) : follow_symlinks_(follow_symlinks) {}

    // Fails if it is no regular file any more, or (without follow_symlinks) a symlink has come into its path.
    // The message is the reason alone.
    Result<FileDescriptor> open_file(const SourceItem& item, struct stat& status);
    Result<FileDescriptor> open_directory(const SourceItem& item, struct stat& status);
    // O_PATH, valid until the next call of any. ESTALE if another directory has taken its place.
    Result<int> open_top(const std::shared_ptr<const SourceTop>& top);

  private:
    Result<FileDescriptor> open(const SourceItem& item, int flags, struct stat& status);

    bool follow_symlinks_;
    std::shared_ptr<const SourceTop> top_;  // what top_descriptor_ is
    FileDescriptor top_descriptor_;
};

// Walks the sources. No descriptor outlasts the directory that is being read. Not thread safe.
class SourceWalk {
  public:
    // `options` and `items` must outlive it.
    SourceWalk(const WalkOptions& options, std::vector<SourceItem>& items, SkipReport skip)
        : options_(options), items_(items), skip_(std::move(skip)), opener_(options.follow_symlinks) {}

    // Appends `source`, and with options.recursive all below it in byte order of the names, parents first.
    // What is neither a file nor a directory, cannot be read, or contains its own destination, goes to
    // `skip`. The root of a famfs mount has no .meta here.
    void add(const std::string& source, const std::string& destination);

  private:
    struct Child {
        std::string name;
        int error = 0;  // errno of looking at it
        struct stat status{};
    };

    Result<std::shared_ptr<const SourceTop>> find_top(const std::string& path);
    Child look(int parent, std::string name) const;
    void take(SourceItem item, const Child& found);
    void enter(SourceItem item, const FileId& id);
    Result<std::vector<Child>> read_directory(SourceItem& item, const FileId& id);

    const WalkOptions& options_;
    std::vector<SourceItem>& items_;
    const SkipReport skip_;
    SourceOpener opener_;
    std::shared_ptr<const SourceTop> top_;  // the last source's: many have the same
    std::vector<FileId> above_;             // the directories that we are in
};

}  // namespace famfs::cli
