// What can be known to be wrong with a mount before it is tried.
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <optional>
#include <string>
#include <string_view>

namespace famfs::fused {

// Checks that `mountpoint` is a directory with no FUSE mount on it yet, that it does not hold or lie in the
// shadow tree `shadow` (an absolute path), and that /dev/fuse is there. Returns its absolute path.
Result<std::string> check_mountpoint(const std::string& mountpoint, const std::string& shadow);

// One daemon at a time mounts on a directory: the second one waits here, and then sees what the first one
// mounted. Lasts until destroyed. Make it of a directory that check_mountpoint() has passed, and check again.
class MountTurn {
  public:
    explicit MountTurn(const std::string& mountpoint);

  private:
    FileDescriptor directory_;  // locked
};

// The descriptor that "/dev/fd/N" names: a FUSE connection that whoever started the daemon has made. No value
// for another path, or if N is not open.
std::optional<int> parse_connection(std::string_view mountpoint);

}  // namespace famfs::fused
