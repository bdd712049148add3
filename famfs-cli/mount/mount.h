// What `famfs mount` and mount.famfs have in common.
#pragma once

#include "famfs-cli/ui/console.h"

#include <string>
#include <string_view>
#include <vector>

namespace famfs::cli {

struct MountRequest {
    std::string device;
    std::string mountpoint;
    std::string shadow;  // "" for one of its own
    std::string data_path = "auto";
    bool read_only = false;
    bool foreground = false;
    std::vector<std::string> options;  // for the daemon's -o, one each
};

inline const std::vector<std::string> data_path_names{"auto", "iomap", "extfile", "copy", "yaml"};

// Takes one -o option into the request: what concerns us, what only mount(8) needs, and the rest for the
// daemon. A usage error for a value that is none.
Result<void> take_mount_option(const std::string& option, MountRequest& request);

// Whether an option is for mount(8) and fstab only.
bool is_for_mount_program(std::string_view option);

// The words between the commas; a backslash keeps a comma.
std::vector<std::string> split_mount_options(std::string_view text);

// Changes the attributes (ro, nosuid, ...) of the famfs that is mounted on `mountpoint`, of this mount alone.
// `device` may be empty; kind refused if another one is mounted there, or if its daemon cannot write.
Result<void> remount(Console& console, const std::string& device, const std::string& mountpoint,
                     const std::vector<std::string>& options);

// Replays, starts the daemon, returns the exit status. On failure nothing is left behind.
int mount_pool(Console& console, const MountRequest& request);

}  // namespace famfs::cli
