// READ is answered without libfuse, which would not say how its answer went.
#pragma once

#include "famfs-fused/fuse/server/connection.h"

#include <linux/fuse.h>

namespace famfs::fused::ops {

// Answers, as its last step. What could be read at first and then did not reach the kernel is in the log.
void read(Connection& connection, const fuse_in_header& request, const fuse_read_in& wanted);

}  // namespace famfs::fused::ops
