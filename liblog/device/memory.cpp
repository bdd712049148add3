#include "liblog/device/memory.h"

#include "liblog/device/dax_memory.h"
#include "liblog/device/image_memory.h"
#include "liblog/file_descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cctype>
#include <climits>
#include <cstdlib>

namespace famfs::device {
namespace {

// "dax0.0" is short for the node in /dev, unless a file of that name lies here.
std::string node_path(const std::string& path) {
    const bool bare = path.starts_with("dax") && path.size() > 3 && std::isdigit(path[3]) != 0 &&
                      path.find('/') == std::string::npos;
    return bare && ::access(path.c_str(), F_OK) != 0 ? "/dev/" + path : path;
}

Result<std::string> absolute(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr), &std::free);
    if (!resolved) return fail_errno(errno, path);
    return std::string(resolved.get());
}

}  // namespace

std::string_view name(Kind kind) {
    return kind == Kind::image ? "image" : "devdax";
}

Result<void> Memory::check_range(std::uint64_t offset, std::uint64_t length) const {
    if (offset <= size() && length <= size() - offset) return {};
    return fail(ErrorKind::io, EINVAL,
                fmt::format("{}: {} bytes at {:#x} lie outside the device's {} bytes", description_.path,
                            length, offset, size()));
}

Result<std::unique_ptr<Memory>> open_memory(const std::string& path, Access access) {
    const auto resolved = absolute(node_path(path));
    if (!resolved) return std::unexpected(resolved.error());
    const int mode = access == Access::read_write ? O_RDWR : O_RDONLY;
    // O_NONBLOCK: a fifo given by mistake must not hang us. It means nothing to files and dax nodes.
    FileDescriptor file(::open(resolved->c_str(), mode | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file) return fail_errno(errno, *resolved);
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return fail_errno(errno, *resolved);
    if (S_ISREG(status.st_mode))
        return ImageMemory::adopt(std::move(file), *resolved, static_cast<std::uint64_t>(status.st_size));
    if (S_ISCHR(status.st_mode)) return DaxMemory::adopt(std::move(file), *resolved, status.st_rdev, access);
    return fail(ErrorKind::usage, EINVAL, *resolved + " is neither a dax device nor a plain file");
}

}  // namespace famfs::device
