#include "famfs-fused/ops/support.h"

#include <algorithm>
#include <cerrno>

namespace famfs::fused::ops {

namespace {

// How many of `size` bytes the file has room for: its size is final.
Outcome<std::uint64_t> room_for(const Node& node, off_t offset, std::size_t size) {
    if (offset < 0) return std::unexpected(EINVAL);
    const auto start = static_cast<std::uint64_t>(offset);
    if (size > 0 && start >= node.size) return std::unexpected(EFBIG);
    return std::min<std::uint64_t>(size, node.size - start);
}

Outcome<std::uint64_t> store(fuse_req_t request, fuse_ino_t id, std::span<const std::byte> bytes,
                             off_t offset) {
    const Server& server = server_of(request);
    const auto node = file_of(request, id);
    if (!node) return std::unexpected(node.error());
    if (server.settings.read_only) return std::unexpected(EROFS);
    const auto room = room_for(**node, offset, bytes.size());
    if (!room) return room;
    const auto stored = server.data->write(**node, static_cast<std::uint64_t>(offset), bytes.first(*room));
    if (!stored) return std::unexpected(stored.error());
    return room;
}

}  // namespace

void write(fuse_req_t request, fuse_ino_t id, const char* bytes, std::size_t size, off_t offset,
           fuse_file_info*) {
    const auto stored = store(request, id, std::as_bytes(std::span(bytes, size)), offset);
    if (stored) {
        fuse_reply_write(request, *stored);
    } else {
        fuse_reply_err(request, stored.error());
    }
}

}  // namespace famfs::fused::ops
