#include "famfs-fused/fuse/ops/support.h"

#include <cerrno>

namespace famfs::fused::ops {

namespace {

Outcome<std::uint64_t> seek(FileService& service, fuse_ino_t node, off_t offset, int whence) {
    const auto file = service.vouched(node);
    if (!file) return std::unexpected(file.error());
    if (offset < 0) return std::unexpected(ENXIO);
    return service.seek(*file, static_cast<std::uint64_t>(offset), whence);
}

}  // namespace

void lseek(fuse_req_t request, fuse_ino_t node, off_t offset, int whence, fuse_file_info*) {
    const auto found = seek(service_of(request), node, offset, whence);
    if (found) {
        fuse_reply_lseek(request, static_cast<off_t>(*found));
    } else {
        fuse_reply_err(request, found.error());
    }
}

}  // namespace famfs::fused::ops
