#include "liblog/device/mount_memory.h"

#include "omf/constants.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

namespace famfs::device {
namespace {

bool has_data_path(const Mount& mount, std::string_view wanted) {
    const auto root = MountRoot::open(mount);
    return root && root->attribute("user.famfs.data_path") == std::string(wanted);
}

}  // namespace

std::optional<Mount> mount_that_holds(const std::string& path) {
    const auto mounts = read_mounts();
    if (!mounts) return std::nullopt;
    const auto holds = [&](const Mount& mount) {
        return mount.famfs() && mount.source == path && mount.root == "/" && check_trusted(mount) &&
               has_data_path(mount, "iomap");
    };
    const auto found = std::ranges::find_if(*mounts, holds);
    if (found == mounts->end()) return std::nullopt;
    return *found;
}

MountMemory::MountMemory(Description description, ModeHold hold, std::string mountpoint, Access access)
    : WindowedMemory(std::move(description), access),
      hold_(std::move(hold)),
      mountpoint_(std::move(mountpoint)) {}

MountMemory::~MountMemory() {
    let_go();
}

Result<std::unique_ptr<Memory>> MountMemory::adopt(const Mount& mount, const std::string& path,
                                                   const DaxDevice& device, ModeHold hold, Access access) {
    std::unique_ptr<MountMemory> memory(
        new MountMemory({path, Kind::fsdev, device.size, device.uuid, node_identity(device.number)},
                        std::move(hold), mount.mountpoint, access));
    if (auto opened = memory->open_superblock(); !opened) return std::unexpected(opened.error());
    return std::unique_ptr<Memory>(std::move(memory));
}

Result<void> MountMemory::check_unused() {
    return fail(ErrorKind::busy, EBUSY,
                fmt::format("{} is mounted on {}; famfs umount it first", description().path, mountpoint_));
}

Result<FileDescriptor> MountMemory::open_meta(const char* name, std::uint64_t size) const {
    const std::string path = fmt::format("{}/.meta/{}", mountpoint_, name);
    const int mode = access() == Access::read_write ? O_RDWR : O_RDONLY;
    FileDescriptor file(::open(path.c_str(), mode | O_CLOEXEC | O_NOFOLLOW));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) return fail_errno(errno, path);
    if (static_cast<std::uint64_t>(status.st_size) == size) return file;
    return fail(ErrorKind::corrupt, EUCLEAN,
                fmt::format("{}: {} bytes, {} are wanted", path, status.st_size, size));
}

// A byte may be mapped through one file at a time, so superblock and log always come from the same ones.
Result<FileDescriptor> MountMemory::open_file(std::span<const omf::Extent> extents, std::uint64_t size) {
    const std::uint64_t offset = extents.empty() ? 0 : extents.front().offset;
    if (offset < omf::superblock_region) return open_meta(".superblock", size);
    if (offset == omf::log_offset) return open_meta(".log", size);
    if (maker_) return maker_(extents, size);
    return fail(ErrorKind::busy, EBUSY,
                fmt::format("{}: bytes at {:#x}: only the mount on {} reaches them", description().path,
                            offset, mountpoint_));
}

}  // namespace famfs::device
