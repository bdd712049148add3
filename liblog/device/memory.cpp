#include "liblog/device/memory.h"

#include "liblog/device/dax_device.h"
#include "liblog/device/dax_memory.h"
#include "liblog/device/extent_memory.h"
#include "liblog/device/image_memory.h"
#include "liblog/device/mode_hold.h"
#include "liblog/device/mount_memory.h"
#include "liblog/file_descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

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

// O_NONBLOCK: a fifo given by mistake must not hang us. It means nothing to files and dax nodes.
FileDescriptor open_file(const std::string& path, Access access) {
    const int mode = access == Access::read_write ? O_RDWR : O_RDONLY;
    return FileDescriptor(::open(path.c_str(), mode | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

Result<std::unique_ptr<Memory>> open_image(const std::string& path, Access access) {
    FileDescriptor file = open_file(path, access);
    if (!file) return fail_errno(errno, path);
    return adopt_image(std::move(file), path);
}

std::unexpected<Error> cannot_be_used(const DaxDevice& device) {
    const std::string help = "; daxctl reconfigure-device --mode=devdax " + device.name;
    if (device.mode == DaxMode::system_ram)
        return fail(ErrorKind::refused, EBUSY, "/dev/" + device.name + " is in system-ram mode" + help);
    return fail(ErrorKind::refused, ENODEV, "/dev/" + device.name + " has no driver" + help);
}

// The node is opened under the hold, never before: the kernel does not bear an open node whose device changes
// its mode.
Result<std::unique_ptr<Memory>> open_dax(const std::string& path, dev_t number, Access access) {
    auto hold = ModeHold::acquire(path, number);
    if (!hold) return std::unexpected(hold.error());
    const auto device = find_dax_device(path, number);
    if (!device) return std::unexpected(device.error());
    if (device->mode != DaxMode::devdax && device->mode != DaxMode::fsdev) return cannot_be_used(*device);
    if (device->mode == DaxMode::fsdev)
        if (const auto mount = mount_that_holds(path))
            return MountMemory::adopt(*mount, path, *device, std::move(*hold), access);
    FileDescriptor node = open_file(path, access);
    struct stat status{};
    if (!node || ::fstat(node.get(), &status) != 0) return fail_errno(errno, path);
    if (!S_ISCHR(status.st_mode) || status.st_rdev != number)
        return fail_errno(EAGAIN, path + ": it was replaced");
    if (device->mode == DaxMode::fsdev)
        return ExtentMemory::adopt(std::move(node), path, *device, std::move(*hold), access);
    return DaxMemory::adopt(std::move(node), path, *device, std::move(*hold), access);
}

}  // namespace

std::string_view name(Kind kind) {
    switch (kind) {
        case Kind::image:
            return "image";
        case Kind::devdax:
            return "devdax";
        case Kind::fsdev:
            break;
    }
    return "fsdev";
}

std::string node_identity(dev_t number) {
    return fmt::format("node {}:{}", major(number), minor(number));
}

std::string file_identity(const struct stat& status) {
    if (S_ISCHR(status.st_mode)) return node_identity(status.st_rdev);
    if (!S_ISREG(status.st_mode)) return {};
    return fmt::format("file {}:{} {}", major(status.st_dev), minor(status.st_dev), status.st_ino);
}

Result<void> Memory::resize(std::uint64_t) {
    return fail(ErrorKind::refused, EINVAL, description_.path + ": a device has the size that it has");
}

Result<void> Memory::check_range(std::uint64_t offset, std::uint64_t length) const {
    if (offset <= size() && length <= size() - offset) return {};
    return fail(ErrorKind::io, EINVAL,
                fmt::format("{}: {} bytes at {:#x} lie outside the device's {} bytes", description_.path,
                            length, offset, size()));
}

Result<void> Memory::check_extents(std::span<const omf::Extent> extents) const {
    for (const omf::Extent& extent : extents)
        if (auto checked = check_range(extent.offset, extent.length); !checked) return checked;
    return {};
}

Result<MappedRange> Memory::reach(std::span<const omf::Extent> extents, std::uint64_t) {
    if (auto checked = check_extents(extents); !checked) return std::unexpected(checked.error());
    return MappedRange();
}

Result<std::string> resolve_device_path(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(node_path(path).c_str(), nullptr),
                                                               &std::free);
    if (!resolved) return fail_errno(errno, node_path(path));
    return std::string(resolved.get());
}

Result<std::unique_ptr<Memory>> open_memory(const std::string& path, Access access) {
    const auto resolved = resolve_device_path(path);
    if (!resolved) return std::unexpected(resolved.error());
    struct stat status{};
    if (::stat(resolved->c_str(), &status) != 0) return fail_errno(errno, *resolved);
    if (S_ISREG(status.st_mode)) return open_image(*resolved, access);
    if (S_ISCHR(status.st_mode)) return open_dax(*resolved, status.st_rdev, access);
    return fail(ErrorKind::usage, EINVAL, *resolved + " is neither a dax device nor a plain file");
}

Result<std::unique_ptr<Memory>> adopt_image(FileDescriptor file, const std::string& path) {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return fail_errno(errno, path);
    if (!S_ISREG(status.st_mode)) return fail_errno(EAGAIN, path + ": it was replaced");
    return ImageMemory::adopt(std::move(file), path, status);
}

Result<void> check_named(const Memory& memory) {
    const Description& open = memory.description();
    struct stat status{};
    if (open.identity.empty()) return {};
    if (::stat(open.path.c_str(), &status) == 0 && file_identity(status) == open.identity) {
        const bool resized =
            S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) != open.size;
        if (!resized) return {};
    }
    return fail(ErrorKind::busy, ESTALE,
                open.path + ": it was replaced, resized or removed since it was opened; run it again");
}

}  // namespace famfs::device
