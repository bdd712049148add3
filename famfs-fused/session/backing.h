// Backing files: how FUSE passthrough is told of them. Newer than the headers that this is built with.
#pragma once

#include "famfs-fused/outcome.h"

#include <cstdint>

namespace famfs::fused {

// Registers the regular file `file`, which may be closed then, with a FUSE connection; returns the number,
// never 0, that replies to OPEN carry. Needs CAP_SYS_ADMIN, and that the kernel and the answer to its INIT
// have agreed on passthrough: EPERM.
Outcome<std::int32_t> open_backing(int connection, int file);

// Takes the number back: no new open can carry it, those under way keep the file. All numbers end with their
// connection.
void close_backing(int connection, std::int32_t id);

}  // namespace famfs::fused
