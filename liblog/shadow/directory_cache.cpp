#include "liblog/shadow/directory_cache.h"

#include "liblog/shadow/beneath.h"
#include "omf/path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <ranges>

namespace famfs::shadow {
namespace {

constexpr std::size_t max_open = 32;
constexpr mode_t owner_all = 0700;
constexpr mode_t permission_bits = 07777;

mode_t mode_of(int directory, const std::string& path) {
    struct stat status{};
    const int flags = AT_SYMLINK_NOFOLLOW | (path.empty() ? AT_EMPTY_PATH : 0);
    if (::fstatat(directory, path.c_str(), &status, flags) != 0 || !S_ISDIR(status.st_mode)) return 0;
    return status.st_mode & permission_bits;
}

// The descriptor's own directory, whatever its mode: fchmod() does not take an O_PATH descriptor.
Result<void> set_mode(int path_descriptor, const std::string& path, mode_t mode) {
    const std::string link = "/proc/self/fd/" + std::to_string(path_descriptor);
    if (::chmod(link.c_str(), mode) != 0) return fail_errno(errno, omf::printable(path));
    return {};
}

}  // namespace

DirectoryCache::~DirectoryCache() try { (void)restore_modes(); } catch (const std::bad_alloc&) {
    return;  // the next replay looks at every directory
}

Result<int> DirectoryCache::get(const std::string& path) {
    const auto found = std::ranges::find(open_, path, &std::pair<std::string, FileDescriptor>::first);
    if (found != open_.end()) {
        open_.splice(open_.begin(), open_, found);
        return open_.front().second.get();
    }
    auto opened = open(path);
    if (!opened) return std::unexpected(opened.error());
    if (open_.size() == max_open) open_.pop_back();
    open_.emplace_front(path, std::move(*opened));
    return open_.front().second.get();
}

Result<FileDescriptor> DirectoryCache::open(const std::string& path) {
    constexpr int flags = O_RDONLY | O_DIRECTORY;
    if (::geteuid() == 0) return open_beneath(root_.get(), path, flags);
    auto opened = open_beneath(root_.get(), path, flags);
    const bool closed =
        opened ? (mode_of(opened->get(), "") & owner_all) != owner_all : opened.error().code == EACCES;
    if (!closed) return opened;
    if (auto done = open_up(path); !done) return std::unexpected(done.error());
    return open_beneath(root_.get(), path, flags);
}

// From the top down, as each directory hides those below it.
Result<void> DirectoryCache::open_up(const std::string& path) {
    for (std::size_t end = 0; end != path.npos;) {
        end = path.find('/', end + 1);
        const std::string prefix = path.substr(0, end);
        const auto directory = open_beneath(root_.get(), prefix, O_PATH | O_DIRECTORY);
        if (!directory) return std::unexpected(directory.error());
        const mode_t mode = mode_of(directory->get(), "");
        if ((mode & owner_all) == owner_all) continue;
        later_.emplace_back(prefix, mode);
        opened_up_ = true;
        if (auto set = set_mode(directory->get(), prefix, mode | owner_all); !set) return set;
    }
    return {};
}

Result<void> DirectoryCache::restore_modes() {
    open_.clear();
    Result<void> done;
    // What was made last lies deepest; the oldest mode of a directory is the one that it had.
    for (const auto& [path, mode] : later_ | std::views::reverse) {
        const auto directory = open_beneath(root_.get(), path, O_PATH | O_DIRECTORY);
        Result<void> set;
        if (!directory) set = std::unexpected(directory.error());
        if (directory) set = set_mode(directory->get(), path, mode);
        if (done && !set) done = set;
    }
    later_.clear();
    return done;
}

}  // namespace famfs::shadow
