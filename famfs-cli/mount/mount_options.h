// What is asked of a mount, on the command line or in fstab.
#pragma once

#include "omf/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace famfs::cli {

struct MountRequest {
    std::string device;
    std::string mountpoint;
    std::vector<std::string> further_devices;  // of the pool, besides those in /dev
    std::string shadow;                        // "" for one of its own
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

}  // namespace famfs::cli
