#include "liblog/device/extent_control.h"

#include "kernel/uapi/famfs_dax.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>

#include <cstring>
#include <vector>

namespace famfs::device {
namespace {

std::unexpected<Error> attach_failed(int code, const std::string& path) {
    if (code == EBUSY) return fail(ErrorKind::busy, code, path + " is held by another user in the kernel");
    if (code == EOPNOTSUPP) return fail(ErrorKind::refused, code, path + " is not in fsdev mode");
    if (code == EPERM)
        return fail(ErrorKind::io, code, path + " is in fsdev mode, which needs root (CAP_SYS_RAWIO)");
    return fail_errno(code, path + ": attaching it to famfs_dax");
}

Result<void> change_cache(int file, std::uint64_t offset, std::uint64_t length, std::uint32_t operation) {
    famfs_dax_cache argument{};
    argument.offset = offset;
    argument.length = length;
    argument.op = operation;
    if (::ioctl(file, FAMFS_DAX_IOC_CACHE, &argument) != 0) return fail_errno(errno, "CPU caches");
    return {};
}

}  // namespace

Result<ExtentControl> ExtentControl::open() {
    FileDescriptor control(::open(FAMFS_DAX_NODE, O_RDWR | O_CLOEXEC));
    if (!control && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
        return fail(ErrorKind::refused, ENOENT,
                    "the kernel module famfs_dax is not loaded; modprobe famfs_dax");
    if (!control) return fail_errno(errno, FAMFS_DAX_NODE);
    famfs_dax_info info{};
    if (::ioctl(control.get(), FAMFS_DAX_IOC_INFO, &info) != 0) return fail_errno(errno, FAMFS_DAX_NODE);
    if (info.version < FAMFS_DAX_VERSION)
        return fail(ErrorKind::unsupported, EPROTO,
                    fmt::format("the kernel module famfs_dax is version {}, {} is needed", info.version,
                                FAMFS_DAX_VERSION));
    return ExtentControl(std::move(control));
}

Result<ExtentControl::Attached> ExtentControl::attach(int node, const std::string& path) const {
    famfs_dax_attach argument{};
    argument.fd = node;
    if (::ioctl(control_.get(), FAMFS_DAX_IOC_ATTACH, &argument) != 0) return attach_failed(errno, path);
    return Attached{argument.device, argument.size};
}

Result<FileDescriptor> ExtentControl::open_file(ExtentMap map, std::uint64_t size, Access access) const {
    std::vector<famfs_dax_extent> extents(map.extents.size());
    for (std::size_t index = 0; index < extents.size(); ++index) {
        const omf::Extent& extent = map.extents[index];
        extents[index].offset = extent.offset;
        extents[index].length = extent.length;
        extents[index].device = static_cast<std::uint32_t>(extent.device);
    }
    famfs_dax_create argument{};
    argument.size = size;
    argument.extents = reinterpret_cast<std::uintptr_t>(extents.data());
    argument.nr_extents = static_cast<std::uint32_t>(extents.size());
    argument.type = map.striped() ? FAMFS_DAX_MAP_STRIPED : FAMFS_DAX_MAP_SIMPLE;
    argument.chunk_size = map.chunk_size;
    argument.flags = FAMFS_DAX_CREATE_SHARE | (access == Access::read_only ? FAMFS_DAX_CREATE_RDONLY : 0U);
    FileDescriptor file(::ioctl(control_.get(), FAMFS_DAX_IOC_CREATE, &argument));
    if (file) return file;
    if (errno == EBUSY)
        return fail(ErrorKind::busy, errno, "part of it belongs to another file that a process has in use");
    return fail_errno(errno, "extent file");
}

Result<std::uint64_t> ExtentControl::claimed_bytes(std::uint32_t number) const {
    famfs_dax_device_info argument{};
    argument.device = number;
    if (::ioctl(control_.get(), FAMFS_DAX_IOC_DEVICE_INFO, &argument) != 0)
        return fail_errno(errno, FAMFS_DAX_NODE);
    return argument.claimed;
}

std::array<unsigned long, 3> ExtentControl::serving_commands() {
    return {FAMFS_DAX_IOC_CREATE, FAMFS_DAX_IOC_DEVICE_INFO, FAMFS_DAX_IOC_CACHE};
}

Result<void> ExtentControl::invalidate_file(int file, std::uint64_t size) {
    return change_cache(file, 0, size, FAMFS_DAX_CACHE_INVALIDATE);
}

Result<void> ExtentControl::write_back(int file, std::uint64_t offset, std::uint64_t length) {
    return change_cache(file, offset, length, FAMFS_DAX_CACHE_WRITEBACK);
}

}  // namespace famfs::device
