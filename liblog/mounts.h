// The mounts that this process sees: /proc/self/mountinfo.
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace famfs {

struct Mount {
    std::uint64_t id = 0;      // used again once the mount is gone
    std::uint64_t parent = 0;  // the id of the mount that this one is mounted on
    dev_t device = 0;          // of the file system, which bind mounts share
    std::string root;          // the part of the file system that is mounted, "/" but for bind mounts
    std::string mountpoint;    // absolute
    std::string type;
    std::string source;
    bool read_only = false;              // the mount or its file system
    bool read_only_file_system = false;  // of a famfs: its daemon refuses to write
    std::optional<uid_t> user;           // of a FUSE mount: who mounted it

    bool famfs() const { return type == "fuse.famfs"; }
};

// In mount order: the last mount on a mount point is the one on top. Lines that make no sense are left out.
std::vector<Mount> parse_mounts(std::string_view mountinfo);
Result<std::vector<Mount>> read_mounts();

// The mount on top of `mountpoint` (absolute, no symlinks); nullptr if nothing is mounted there.
const Mount* find_mount(const std::vector<Mount>& mounts, std::string_view mountpoint);

// The mount with this id; nullptr if there is none.
const Mount* find_mount(const std::vector<Mount>& mounts, std::uint64_t id);

// The mount that lies over `mount`, so that its path leads elsewhere: over the mount point itself or over a
// directory above. nullptr if there is none.
const Mount* find_cover(const std::vector<Mount>& mounts, const Mount& mount);

// "tmpfs none on /mnt", escaped for a terminal.
std::string describe(const Mount& mount);

// Whoever mounted a FUSE file system answers for all it says, so root and the caller are believed, nobody
// else: kind refused, EPERM, for a mount of another user.
Result<void> check_trusted(const Mount& mount);

// The root of a mount, held open, so that what is asked of it is asked of that mount whatever its mount point
// names by then. It keeps the mount busy.
class MountRoot {
  public:
    // kind refused, ESTALE: another mount lies there by now, or none. The mount table is read once more with
    // the root open, since the number of a mount that is gone is given to the next one.
    static Result<MountRoot> open(const Mount& mount);

    int descriptor() const { return root_.get(); }  // O_PATH
    Result<std::string> attribute(const char* name) const;

  private:
    explicit MountRoot(FileDescriptor root) : root_(std::move(root)) {}

    FileDescriptor root_;
};

// The absolute path of what is open, without symbolic links. Asks /proc.
Result<std::string> path_of(int descriptor);

// Which mount an open file (O_PATH will do) lies in.
Result<std::uint64_t> mount_id(int descriptor);

// An extended attribute of an open file (O_PATH will do), at most 8 KiB.
Result<std::string> attribute_of(int descriptor, const char* name);

}  // namespace famfs
