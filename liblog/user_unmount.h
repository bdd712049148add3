// How somebody who is not root unmounts.
#pragma once

#include <string>
#include <vector>

namespace famfs {

// Where fusermount3 looks for the mounts that it may unmount. Usually a link to /proc/self/mounts; a root
// that was just made (chroot, some containers) has none.
inline constexpr const char* default_mtab = "/etc/mtab";

// Whether `mtab` shows a FUSE file system on `mountpoint` (absolute, as in /proc/self/mountinfo).
bool listed_in_mtab(const std::string& mountpoint, const char* mtab = default_mtab);

// The command that unmounts the caller's own FUSE mount there, for a search of $PATH: fusermount3, or, where
// that would not find the mount in /etc/mtab, umount(8), which asks the kernel.
std::vector<std::string> user_unmount_command(const std::string& mountpoint, bool lazily);

// What to add to an error of that command, "" if nothing would help.
std::string user_unmount_hint(const std::string& mountpoint);

}  // namespace famfs
