#include "famfs-cli/source_tree.h"

#include "liblog/directory_stream.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace famfs::cli {
namespace {

struct DirectoryId {
    dev_t device;
    ino_t inode;
    bool operator==(const DirectoryId&) const = default;
};

std::string text_of(int code) {
    return std::generic_category().message(code);
}

std::string join(std::string_view directory, std::string_view name) {
    return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

// The names in a directory, sorted, so that the same tree always makes the same log.
Result<std::vector<std::string>> names_in(FileDescriptor descriptor) {
    const DirectoryStream directory = open_stream(std::move(descriptor));
    if (!directory) return fail_errno(errno, "");
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* const entry = ::readdir(directory.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
        errno = 0;
    }
    if (errno != 0) return fail_errno(errno, "");
    std::ranges::sort(names);
    return names;
}

class Walker {
  public:
    Walker(const WalkOptions& options, std::vector<SourceItem>& items, const SkipReport& skip)
        : options_(options), items_(items), skip_(skip) {}

    // `parent` is the open directory that `item.below_top` ends in, `leaf` the last component.
    void visit(int parent, const std::string& leaf, SourceItem item) {
        struct stat status{};
        if (::fstatat(parent, leaf.c_str(), &status, options_.follow_symlinks ? 0 : AT_SYMLINK_NOFOLLOW) !=
            0) {
            return skip_(item.name, text_of(errno));
        }
        item.size = static_cast<std::uint64_t>(status.st_size);
        item.mode = status.st_mode & 07777;
        item.uid = status.st_uid;
        item.gid = status.st_gid;
        if (S_ISREG(status.st_mode)) {
            items_.push_back(std::move(item));
        } else if (S_ISDIR(status.st_mode)) {
            enter(parent, leaf, std::move(item), {status.st_dev, status.st_ino});
        } else {
            skip_(item.name,
                  S_ISLNK(status.st_mode) ? "a symbolic link; -L copies what it names" : "a special file");
        }
    }

  private:
    void enter(int parent, const std::string& leaf, SourceItem item, const DirectoryId& id) {
        if (!options_.recursive) return skip_(item.name, "a directory; -r copies it");
        if (std::ranges::find(above_, id) != above_.end())
            return skip_(item.name, "a symbolic link to a parent of it");
        const int follow = options_.follow_symlinks ? 0 : O_NOFOLLOW;
        FileDescriptor opened(::openat(parent, leaf.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow));
        if (!opened) return skip_(item.name, text_of(errno));
        const int descriptor = opened.get();
        const FileDescriptor kept(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
        const auto names = names_in(std::move(opened));
        if (!names || !kept) return skip_(item.name, text_of(names ? errno : names.error().code));
        item.is_directory = true;
        items_.push_back(item);
        above_.push_back(id);
        for (const auto& name : *names)
            visit(kept.get(), name, child(item, name));
        above_.pop_back();
    }

    static SourceItem child(const SourceItem& parent, const std::string& name) {
        SourceItem item;
        item.name = parent.name.ends_with('/') ? parent.name + name : join(parent.name, name);
        item.destination = join(parent.destination, name);
        item.top = parent.top;
        item.below_top = join(parent.below_top, name);
        return item;
    }

    const WalkOptions& options_;
    std::vector<SourceItem>& items_;
    const SkipReport& skip_;
    std::vector<DirectoryId> above_;  // the directories that we are in
};

// The directory that a source lies in, and its name there. "/", "." and ".." lie in themselves.
std::pair<std::string, std::string> split_source(std::string source) {
    while (source.size() > 1 && source.ends_with('/'))
        source.pop_back();
    const auto slash = source.rfind('/');
    const std::string name = slash == std::string::npos ? source : source.substr(slash + 1);
    if (name.empty() || name == "." || name == "..") return {source, "."};
    if (slash == std::string::npos) return {".", name};
    return {source.substr(0, slash + 1), name};
}

}  // namespace

void walk_source(const std::string& source, const std::string& destination, const WalkOptions& options,
                 std::vector<SourceItem>& items, const SkipReport& skip) {
    const auto [directory, name] = split_source(source);
    auto top = std::make_shared<FileDescriptor>(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!*top) return skip(source, text_of(errno));
    SourceItem item;
    item.name = source;
    item.destination = destination;
    item.top = top;
    item.below_top = name;
    Walker(options, items, skip).visit(top->get(), name, std::move(item));
}

Result<FileDescriptor> open_source(const SourceItem& item, const WalkOptions& options, struct stat& status) {
    open_how how{};
    how.flags =
        O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;  // a FIFO that took the file's place must not block
    if (!options.follow_symlinks) how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const long opened = ::syscall(SYS_openat2, item.top->get(), item.below_top.c_str(), &how, sizeof how);
    FileDescriptor file(static_cast<int>(opened));
    if (!file || ::fstat(file.get(), &status) != 0) return fail(ErrorKind::io, errno, text_of(errno));
    if (!S_ISREG(status.st_mode)) return fail(ErrorKind::io, EINVAL, "no regular file any more");
    return file;
}

}  // namespace famfs::cli
