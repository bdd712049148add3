#include "famfs-cli/mount/remount.h"

#include "famfs-cli/mount/ask_within.h"
#include "famfs-cli/mount/mount_options.h"
#include "famfs-cli/mount/mount_users.h"
#include "famfs-cli/mount/target.h"
#include "liblog/device/memory.h"
#include "liblog/file_descriptor.h"
#include "liblog/mount_identity.h"
#include "omf/path.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace famfs::cli {
namespace {

constexpr auto look_limit = std::chrono::seconds(5);

struct AttributeWord {
    std::string_view word;
    std::uint64_t set;
    std::uint64_t clear;
};

constexpr std::array attribute_words{
    AttributeWord{"ro", MOUNT_ATTR_RDONLY, 0},
    AttributeWord{"rw", 0, MOUNT_ATTR_RDONLY},
    AttributeWord{"nosuid", MOUNT_ATTR_NOSUID, 0},
    AttributeWord{"suid", 0, MOUNT_ATTR_NOSUID},
    AttributeWord{"nodev", MOUNT_ATTR_NODEV, 0},
    AttributeWord{"dev", 0, MOUNT_ATTR_NODEV},
    AttributeWord{"noexec", MOUNT_ATTR_NOEXEC, 0},
    AttributeWord{"exec", 0, MOUNT_ATTR_NOEXEC},
    AttributeWord{"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    AttributeWord{"diratime", 0, MOUNT_ATTR_NODIRATIME},
    AttributeWord{"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    AttributeWord{"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    AttributeWord{"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
};

// What mount(8) repeats from the mount table.
bool is_of_mount_table(std::string_view option) {
    constexpr std::array words{"remount", "default_permissions", "allow_other"};
    constexpr std::array prefixes{"user_id=", "group_id=", "max_read=", "blksize="};
    return std::ranges::find(words, option) != words.end() ||
           std::ranges::any_of(prefixes, [&](const char* prefix) { return option.starts_with(prefix); });
}

// The last word on an attribute counts. What only a new daemon could change is said.
mount_attr attributes_of(Console& console, const std::vector<std::string>& options) {
    mount_attr wanted{};
    for (const auto& option : options) {
        const auto known = std::ranges::find(attribute_words, option, &AttributeWord::word);
        if (known != attribute_words.end()) {
            wanted.attr_set = (wanted.attr_set & ~known->clear) | known->set;
            wanted.attr_clr = (wanted.attr_clr & ~known->set) | known->clear;
        } else if (!is_of_mount_table(option) && !is_for_mount_program(option)) {
            console.note(fmt::format("remount leaves {} as it is", omf::printable(option)));
        }
    }
    return wanted;
}

Result<Mount> find_mounted(const std::string& device, const std::string& mountpoint) {
    const auto path = mountpoint_path(mountpoint);
    if (!path) return std::unexpected(path.error());
    const auto mounts = read_mounts();
    if (!mounts) return std::unexpected(mounts.error());
    const auto there = identity_at(*path);
    if (!there) return std::unexpected(there.error());
    const Mount* const mount = find_mount(*mounts, *there);
    const std::string shown = omf::printable(mountpoint);
    if (mount == nullptr || !mount->famfs() || mount->mountpoint != *path)
        return fail(ErrorKind::refused, EINVAL, shown + ": not a famfs mount point");
    if (device.empty() || device == mount->source || device::resolve_device_path(device) == mount->source)
        return *mount;
    return fail(ErrorKind::refused, EINVAL,
                fmt::format("{}: {} is mounted here, not {}", shown, omf::printable(mount->source),
                            omf::printable(device)));
}

std::unexpected<Error> cannot_change(const Mount& mount, int code) {
    const std::string shown = omf::printable(mount.mountpoint);
    if (code == EPERM) return fail(ErrorKind::refused, code, shown + ": only root can remount it");
    if (code != EBUSY) return fail_errno(code, "cannot remount " + shown);
    const auto users = ask_within(look_limit, [&] { return describe_file_users(identify(mount)); });
    return fail(ErrorKind::busy, code,
                fmt::format("{}: busy: a file is open for writing{}{}", shown,
                            users.value_or("").empty() ? "" : "; in use by ", users.value_or("")));
}

// An errno, or 0.
int change(const std::string& mountpoint, mount_attr wanted) {
    const FileDescriptor root(::open(mountpoint.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return errno;
    return ::mount_setattr(root.get(), "", AT_EMPTY_PATH, &wanted, sizeof wanted) == 0 ? 0 : errno;
}

}  // namespace

Result<void> remount(Console& console, const std::string& device, const std::string& mountpoint,
                     const std::vector<std::string>& options) {
    const auto mount = find_mounted(device, mountpoint);
    if (!mount) return std::unexpected(mount.error());
    const mount_attr wanted = attributes_of(console, options);
    if ((wanted.attr_clr & MOUNT_ATTR_RDONLY) != 0 && mount->read_only_file_system)
        return fail(
            ErrorKind::refused, EROFS,
            fmt::format("{}: it was mounted with ro, and its daemon has the pool open for reading only; "
                        "famfs umount and mount it again for writing",
                        omf::printable(mountpoint)));
    const int code = change(mount->mountpoint, wanted);
    return code == 0 ? Result<void>() : cannot_change(*mount, code);
}

}  // namespace famfs::cli
