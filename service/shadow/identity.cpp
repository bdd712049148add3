#include "service/shadow/identity.h"

namespace famfs::service {

Identity identity_of(const struct stat& status) {
    if (S_ISDIR(status.st_mode)) return {.device = status.st_dev, .inode = status.st_ino};
    return {.device = status.st_dev,
            .inode = status.st_ino,
            .size = static_cast<std::uint64_t>(status.st_size),
            .seconds = status.st_ctim.tv_sec,
            .nanoseconds = status.st_ctim.tv_nsec};
}

}  // namespace famfs::service
