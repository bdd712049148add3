// The mount that a daemon made, to be found again whatever happened to its path.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "liblog/mount_identity.h"
#include "omf/error.h"
#include "service/log.h"

#include <optional>
#include <string>

namespace famfs::fused {

class OwnMount {
  public:
    // Right after it was made on `mountpoint` (absolute) for the connection with this descriptor. No value if
    // the mount table does not show it. Kind busy if it came to lie on another famfs mount there, which was
    // made at the same time.
    static Result<std::optional<OwnMount>> find(const std::string& mountpoint, int connection);

    // Unmounts it wherever it is by now, lazily, as root or through fusermount3. Nothing else is ever
    // unmounted: if something covers it or is mounted in it, it stays. What happened is logged, and what else
    // shows the same files.
    void take_away(Log& log) const;

  private:
    explicit OwnMount(const MountIdentity& identity) : identity_(identity) {}
    MountIdentity identity_;
};

}  // namespace famfs::fused
