#include "famfs-cli/copy/source_tree.h"

#include "famfs-cli/copy/directory_names.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace famfs::cli {
namespace {

std::string text_of(int code) {
    return std::generic_category().message(code);
}

std::unexpected<Error> failed(int code) {
    return fail(ErrorKind::io, code, text_of(code));
}

FileId id_of(const struct stat& status) {
    return {status.st_dev, status.st_ino};
}

std::string join(std::string_view directory, std::string_view name) {
    return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

SourceItem child_of(const SourceItem& parent, const std::string& name) {
    SourceItem item;
    item.name = parent.name.ends_with('/') ? parent.name + name : join(parent.name, name);
    item.destination = join(parent.destination, name);
    item.top = parent.top;
    item.below_top = join(parent.below_top, name);
    return item;
}

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

// `path` is `directory` or below it, both in a pool; "" is its root.
bool is_within(std::string_view path, std::string_view directory) {
    if (directory.empty() || path == directory) return true;
    return path.starts_with(directory) && path[directory.size()] == '/';
}

}  // namespace

bool has_acl(int file) {
    return ::fgetxattr(file, "system.posix_acl_access", nullptr, 0) > 0 ||
           ::fgetxattr(file, "system.posix_acl_default", nullptr, 0) > 0;
}

Result<int> SourceOpener::open_top(const std::shared_ptr<const SourceTop>& top) {
    if (top_ == top) return top_descriptor_.get();
    FileDescriptor opened(::open(top->path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat status{};
    if (!opened || ::fstat(opened.get(), &status) != 0) return failed(errno);
    if (id_of(status) != top->id) return fail(ErrorKind::io, ESTALE, "the directory it lies in was replaced");
    top_descriptor_ = std::move(opened);
    top_ = top;
    return top_descriptor_.get();
}

Result<FileDescriptor> SourceOpener::open(const SourceItem& item, int flags, struct stat& status) {
    const auto top = open_top(item.top);
    if (!top) return std::unexpected(top.error());
    open_how how{};
    // A FIFO that took the file's place must not block.
    how.flags = static_cast<std::uint64_t>(flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (!follow_symlinks_) how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    FileDescriptor file(
        static_cast<int>(::syscall(SYS_openat2, *top, item.below_top.c_str(), &how, sizeof how)));
    if (!file || ::fstat(file.get(), &status) != 0) return failed(errno);
    return file;
}

Result<FileDescriptor> SourceOpener::open_file(const SourceItem& item, struct stat& status) {
    auto file = open(item, 0, status);
    if (file && !S_ISREG(status.st_mode)) return fail(ErrorKind::io, EINVAL, "no regular file any more");
    return file;
}

Result<FileDescriptor> SourceOpener::open_directory(const SourceItem& item, struct stat& status) {
    return open(item, O_DIRECTORY, status);
}

void SourceWalk::add(const std::string& source, const std::string& destination) {
    const auto [directory, name] = split_source(source);
    const auto top = find_top(directory);
    if (!top) return skip_(source, top.error().message);
    const auto parent = opener_.open_top(*top);
    if (!parent) return skip_(source, parent.error().message);
    SourceItem item;
    item.name = source;
    item.destination = destination;
    item.top = *top;
    item.below_top = name;
    take(std::move(item), look(*parent, name));
}

Result<std::shared_ptr<const SourceTop>> SourceWalk::find_top(const std::string& path) {
    if (top_ && top_->path == path) return top_;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return failed(errno);
    if (!S_ISDIR(status.st_mode)) return failed(ENOTDIR);
    top_ = std::make_shared<const SourceTop>(path, id_of(status));
    return top_;
}

SourceWalk::Child SourceWalk::look(int parent, std::string name) const {
    Child child{std::move(name)};
    const int follow = options_.follow_symlinks ? 0 : AT_SYMLINK_NOFOLLOW;
    if (::fstatat(parent, child.name.c_str(), &child.status, follow) != 0) child.error = errno;
    return child;
}

void SourceWalk::take(SourceItem item, const Child& found) {
    if (found.error != 0) return skip_(item.name, text_of(found.error));
    const struct stat& status = found.status;
    item.size = static_cast<std::uint64_t>(status.st_size);
    item.mode = status.st_mode & 07777;
    item.uid = status.st_uid;
    item.gid = status.st_gid;
    if (S_ISREG(status.st_mode)) {
        items_.push_back(std::move(item));
    } else if (S_ISDIR(status.st_mode)) {
        enter(std::move(item), id_of(status));
    } else {
        skip_(item.name,
              S_ISLNK(status.st_mode) ? "a symbolic link; -L copies what it names" : "a special file");
    }
}

void SourceWalk::enter(SourceItem item, const FileId& id) {
    if (!options_.recursive) return skip_(item.name, "a directory; -r copies it");
    if (std::ranges::find(above_, id) != above_.end())
        return skip_(item.name, "a symbolic link to a parent of it");
    const auto children = read_directory(item, id);
    if (!children) return skip_(item.name, children.error().message);
    item.is_directory = true;
    items_.push_back(item);
    above_.push_back(id);
    for (const Child& child : *children)
        take(child_of(item, child.name), child);
    above_.pop_back();
}

// The directory is open for this long only: neither many sources nor a deep tree keep descriptors.
Result<std::vector<SourceWalk::Child>> SourceWalk::read_directory(SourceItem& item, const FileId& id) {
    struct stat status{};
    const auto opened = opener_.open_directory(item, status);
    if (!opened) return std::unexpected(opened.error());
    if (id_of(status) != id) return fail(ErrorKind::io, ESTALE, "it was replaced");
    const auto place = options_.mounts != nullptr ? options_.mounts->place_of(opened->get()) : std::nullopt;
    if (place && place->device == options_.device && is_within(item.destination, place->path))
        return fail(ErrorKind::usage, EINVAL, "cannot copy a directory into itself");
    auto names = names_in(opened->get(), place);
    if (!names) return std::unexpected(names.error());
    item.has_acl = has_acl(opened->get());
    std::vector<Child> children;
    children.reserve(names->size());
    for (std::string& name : *names)
        children.push_back(look(opened->get(), std::move(name)));
    return children;
}

}  // namespace famfs::cli
