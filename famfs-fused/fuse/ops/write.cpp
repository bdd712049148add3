#include "famfs-fused/fuse/ops/support.h"

#include <cerrno>
#include <span>

namespace famfs::fused::ops {

namespace {

Outcome<std::uint64_t> store(FileService& service, fuse_ino_t node, std::span<const std::byte> bytes,
                             off_t offset) {
    const auto file = service.vouched(node);
    if (!file) return std::unexpected(file.error());
    if (offset < 0) return std::unexpected(EINVAL);
    return service.write(*file, static_cast<std::uint64_t>(offset), bytes);
}

}  // namespace

void write(fuse_req_t request, fuse_ino_t node, const char* bytes, std::size_t size, off_t offset,
           fuse_file_info*) {
    const auto stored = store(service_of(request), node, std::as_bytes(std::span(bytes, size)), offset);
    if (stored) {
        fuse_reply_write(request, *stored);
    } else {
        fuse_reply_err(request, stored.error());
    }
}

}  // namespace famfs::fused::ops
