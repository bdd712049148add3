// mount.yaml in a mount's run directory: what `famfs mount` made, for `famfs umount`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace famfs::cli {

struct MountRecord {
    std::string mountpoint;
    std::string device;
    std::string shadow;
    bool own_shadow = false;  // made by `famfs mount`, to be removed by `famfs umount`
    std::string mode_before;  // the mode that `famfs mount` took the dax device from, "" if it left it alone
};

// JSON, which is YAML too. Any bytes of a path survive.
std::string write_mount_record(const MountRecord& record);
std::optional<MountRecord> read_mount_record(std::string_view text);

}  // namespace famfs::cli
