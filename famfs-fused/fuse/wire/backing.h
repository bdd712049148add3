// Backing files: how FUSE passthrough is told of them. Newer than the headers that this is built with.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "service/outcome.h"

#include <sys/ioctl.h>

#include <array>
#include <cstdint>

namespace famfs::fused {

// The ioctl commands behind the functions below, for whoever lists what may be called.
inline constexpr int fuse_magic = 229;
struct BackingMap {
    std::int32_t descriptor;
    std::uint32_t flags;
    std::uint64_t padding;
};
static_assert(sizeof(BackingMap) == 16);
inline constexpr unsigned long backing_open = _IOW(fuse_magic, 1, BackingMap);
inline constexpr unsigned long backing_close = _IOW(fuse_magic, 2, std::uint32_t);
inline constexpr std::array backing_commands{backing_open, backing_close};

// Registers the regular file `file`, which may be closed then, with a FUSE connection; returns the number,
// never 0, that replies to OPEN carry. Needs CAP_SYS_ADMIN, and that the kernel and the answer to its INIT
// have agreed on passthrough: EPERM.
Outcome<std::int32_t> open_backing(int connection, int file);

// Takes the number back: no new open can carry it, those under way keep the file. All numbers end with their
// connection.
void close_backing(int connection, std::int32_t id);

}  // namespace famfs::fused
