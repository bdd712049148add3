#include "liblog/user_unmount.h"

#include <fmt/format.h>
#include <mntent.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string_view>

namespace famfs {

bool listed_in_mtab(const std::string& mountpoint, const char* mtab) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(::setmntent(mtab, "re"), &::endmntent);
    if (!file) return false;
    mntent entry{};
    std::array<char, 4096> line{};  // as getmntent() has, which fusermount3 reads with
    while (::getmntent_r(file.get(), &entry, line.data(), static_cast<int>(line.size())) != nullptr)
        if (mountpoint == entry.mnt_dir && std::string_view(entry.mnt_type).starts_with("fuse")) return true;
    return false;
}

std::vector<std::string> user_unmount_command(const std::string& mountpoint, bool lazily) {
    if (listed_in_mtab(mountpoint)) return {"fusermount3", lazily ? "-uz" : "-u", "--", mountpoint};
    if (lazily) return {"umount", "--lazy", "--", mountpoint};
    return {"umount", "--", mountpoint};
}

std::string user_unmount_hint(const std::string& mountpoint) {
    if (listed_in_mtab(mountpoint)) return "";
    return fmt::format(
        "; fusermount3 could, but {0} does not show the mount (as root: ln -sf /proc/self/mounts {0})",
        default_mtab);
}

}  // namespace famfs
