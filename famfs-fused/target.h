// Where a mount is to appear.
#pragma once

#include "famfs-fused/session/session.h"
#include "famfs-fused/shadow/root.h"
#include "omf/error.h"

#include <string>

namespace famfs::fused {

// A directory, or a connection that whoever started the daemon has made a mount of, or plays the kernel on.
struct Target {
    std::string directory;  // absolute; "" for a connection
    int connection = -1;

    bool is_directory() const { return connection < 0; }
};

// Reads MOUNTPOINT: "/dev/fd/N" is a connection.
Result<Target> find_target(const std::string& mountpoint, const ShadowRoot& shadow);

Result<void> connect(Session& session, const Target& target);

}  // namespace famfs::fused
