#include "famfs-fused/session/backing.h"

#include <sys/ioctl.h>

#include <cerrno>

namespace famfs::fused {

namespace {

struct BackingMap {
    std::int32_t descriptor;
    std::uint32_t flags;
    std::uint64_t padding;
};
static_assert(sizeof(BackingMap) == 16);

constexpr int fuse_magic = 229;
constexpr unsigned long backing_open = _IOW(fuse_magic, 1, BackingMap);
constexpr unsigned long backing_close = _IOW(fuse_magic, 2, std::uint32_t);

}  // namespace

Outcome<std::int32_t> open_backing(int connection, int file) {
    const BackingMap map{file, 0, 0};
    const int id = ::ioctl(connection, backing_open, &map);
    if (id <= 0) return std::unexpected(id < 0 ? errno : EPROTO);
    return id;
}

void close_backing(int connection, std::int32_t id) {
    const auto number = static_cast<std::uint32_t>(id);
    ::ioctl(connection, backing_close, &number);
}

}  // namespace famfs::fused
