#include "famfs-fused/fuse/wire/backing.h"

#include <cerrno>

namespace famfs::fused {

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
