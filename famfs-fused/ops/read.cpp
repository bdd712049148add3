#include "famfs-fused/ops/support.h"
#include "famfs-fused/session/session.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>
#include <vector>

namespace famfs::fused::ops {

namespace {

// Returns 0, or the errno that the kernel could not take the bytes with: out of a mapping it is the one to
// load them.
int reply_from_memory(fuse_req_t request, std::span<const Piece> pieces) {
    std::vector<iovec> vector;
    for (const Piece& piece : pieces)
        vector.push_back({const_cast<std::byte*>(piece.memory), piece.length});
    return -fuse_reply_iov(request, vector.data(), static_cast<int>(vector.size()));
}

// Room for a fuse_bufvec, which ends in an array, of so many buffers.
class BufferVector {
  public:
    explicit BufferVector(std::size_t count)
        : room_((sizeof(fuse_bufvec) + count * sizeof(fuse_buf)) / unit + 1) {
        new (room_.data()) fuse_bufvec{};
        get()->count = count;
    }
    fuse_bufvec* get() { return reinterpret_cast<fuse_bufvec*>(room_.data()); }

  private:
    static constexpr std::size_t unit = sizeof(std::max_align_t);
    std::vector<std::max_align_t> room_;
};

fuse_buf buffer_of(const Piece& piece) {
    fuse_buf buffer{};
    buffer.size = piece.length;
    if (piece.memory != nullptr) {
        buffer.mem = const_cast<std::byte*>(piece.memory);
        return buffer;
    }
    buffer.flags = static_cast<fuse_buf_flags>(FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK | FUSE_BUF_FD_RETRY);
    buffer.fd = piece.descriptor;
    buffer.pos = static_cast<off_t>(piece.offset);
    return buffer;
}

// From the file's pages to the kernel's reader without a copy in between. Returns 0, or the errno that was
// replied, for what could not be read.
int reply_from_files(fuse_req_t request, std::span<const Piece> pieces) {
    BufferVector vector(pieces.size());
    std::ranges::transform(pieces, vector.get()->buf, buffer_of);
    const ReplyWatch watch;
    fuse_reply_data(request, vector.get(), fuse_buf_copy_flags{});
    return watch.error();
}

int reply(fuse_req_t request, std::span<const Piece> pieces) {
    const bool in_memory =
        std::ranges::all_of(pieces, [](const Piece& piece) { return piece.memory != nullptr; });
    return in_memory ? reply_from_memory(request, pieces) : reply_from_files(request, pieces);
}

// The request is answered by now, so nothing may be thrown.
void report_lost_read(Server& server, const Node& node, int code) noexcept try {
    server.log.fault(path_of(node), "read", code);
} catch (const std::exception&) {
    return;
}

}  // namespace

void read(fuse_req_t request, fuse_ino_t id, std::size_t size, off_t offset, fuse_file_info*) {
    Server& server = server_of(request);
    const auto node = file_of(request, id);
    if (!node || offset < 0) {
        fuse_reply_err(request, node ? EINVAL : node.error());
        return;
    }
    const auto start = std::min(static_cast<std::uint64_t>(offset), (*node)->size);
    const auto length = std::min<std::uint64_t>({size, max_request, (*node)->size - start});
    const auto buffer = server.buffers.take();
    const auto pieces = server.data->read(**node, start, length, *buffer);
    if (!pieces) {
        fuse_reply_err(request, pieces.error());
        return;
    }
    const int code = reply(request, *pieces);
    if (code != 0) report_lost_read(server, **node, code);
}

}  // namespace famfs::fused::ops
