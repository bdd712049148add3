#include "liblog/remove_tree.h"

#include "liblog/directory_stream.h"
#include "omf/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string_view>

namespace famfs {
namespace {

class Remover {
  public:
    explicit Remover(dev_t device) : device_(device) {}

    void remove(int parent, const char* name, const std::string& shown) {
        if (::unlinkat(parent, name, 0) == 0) return;
        if (errno != EISDIR && errno != EPERM) return keep_failure(shown);
        empty(parent, name, shown);
        if (::unlinkat(parent, name, AT_REMOVEDIR) != 0) keep_failure(shown);
    }

    void remove_below(FileDescriptor descriptor, const std::string& shown) {
        const int opened = descriptor.get();
        const DirectoryStream directory = open_stream(std::move(descriptor));
        if (!directory) return keep_failure(shown);
        while (const dirent* const entry = ::readdir(directory.get())) {
            const std::string_view child = entry->d_name;
            if (child != "." && child != "..")
                remove(opened, entry->d_name, fmt::format("{}/{}", shown, child));
        }
    }

    Result<void> result() const {
        if (code_ == 0) return {};
        return fail_errno(code_, fmt::format("cannot remove {}", omf::printable(first_)));
    }

  private:
    void empty(int parent, const char* name, const std::string& shown) {
        // Else an owner may be locked out of an own directory. Root never is.
        if (::geteuid() != 0 && ::fchmodat(parent, name, 0700, 0) != 0) return keep_failure(shown);
        FileDescriptor descriptor(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        struct stat status{};
        if (!descriptor || ::fstat(descriptor.get(), &status) != 0) return keep_failure(shown);
        if (status.st_dev != device_) {
            errno = EXDEV;
            return keep_failure(shown);
        }
        remove_below(std::move(descriptor), shown);
    }

    void keep_failure(const std::string& shown) {
        if (code_ != 0 || errno == ENOENT) return;  // somebody else has removed it
        code_ = errno;
        first_ = shown;
    }

    dev_t device_;
    int code_ = 0;
    std::string first_;
};

}  // namespace

Result<void> remove_tree(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return fail_errno(errno, omf::printable(path));
    }
    Remover remover(status.st_dev);
    remover.remove(AT_FDCWD, path.c_str(), path);
    return remover.result();
}

Result<void> remove_below(int directory, const std::string& shown) {
    FileDescriptor again(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat status{};
    if (!again || ::fstat(again.get(), &status) != 0) return fail_errno(errno, omf::printable(shown));
    Remover remover(status.st_dev);
    remover.remove_below(std::move(again), shown);
    return remover.result();
}

}  // namespace famfs
