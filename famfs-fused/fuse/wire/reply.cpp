#include "famfs-fused/fuse/wire/reply.h"

#include "famfs-fused/fuse/wire/request.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>

namespace famfs::fused {

namespace {

std::size_t length_of(std::span<const Piece> pieces) {
    std::size_t length = 0;
    for (const Piece& piece : pieces)
        length += piece.length;
    return length;
}

fuse_out_header header_for(const fuse_in_header& request, std::size_t payload) {
    return {.len = static_cast<std::uint32_t>(sizeof(fuse_out_header) + payload),
            .error = 0,
            .unique = request.unique};
}

iovec vector_of(const void* bytes, std::size_t length) {
    return {const_cast<void*>(bytes), length};
}

Outcome<void> send(int connection, std::span<const iovec> reply) {
    if (::writev(connection, reply.data(), static_cast<int>(reply.size())) < 0) return std::unexpected(errno);
    return {};
}

// All of it, or an errno; EIO if the file ends before.
Outcome<void> fill(const FileDescriptor& pipe, Piece piece) {
    while (piece.length > 0) {
        auto offset = static_cast<loff_t>(piece.offset);
        const ssize_t got = ::splice(piece.descriptor, &offset, pipe.get(), nullptr, piece.length, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return std::unexpected(got < 0 ? errno : EIO);
        piece.offset += static_cast<std::uint64_t>(got);
        piece.length -= static_cast<std::size_t>(got);
    }
    return {};
}

Outcome<void> put_memory(const FileDescriptor& pipe, const void* bytes, std::size_t length) {
    const ssize_t written = ::write(pipe.get(), bytes, length);
    if (written < 0) return std::unexpected(errno);
    if (static_cast<std::size_t>(written) != length) return std::unexpected(EIO);
    return {};
}

Outcome<void> fill(const FileDescriptor& pipe, const fuse_out_header& header, std::span<const Piece> pieces) {
    auto filled = put_memory(pipe, &header, sizeof header);
    for (const Piece& piece : pieces) {
        if (!filled) break;
        filled = piece.memory != nullptr ? put_memory(pipe, piece.memory, piece.length) : fill(pipe, piece);
    }
    return filled;
}

// The kernel takes a reply whole or not at all.
Outcome<void> pour(const FileDescriptor& pipe, int connection, std::size_t length) {
    const ssize_t sent = ::splice(pipe.get(), nullptr, connection, nullptr, length, 0);
    if (sent < 0) return std::unexpected(errno);
    if (static_cast<std::size_t>(sent) != length) return std::unexpected(EIO);
    return {};
}

// All of the largest request and some, or what an ordinary user's pipe may hold.
ReplyPipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return {};
    ReplyPipe pipe{.reading = FileDescriptor(ends[0]), .writing = FileDescriptor(ends[1])};
    constexpr int generous = 4 * static_cast<int>(max_request);
    for (int size = generous; size > 0 && pipe.room == 0; size /= 2)
        if (::fcntl(pipe.writing.get(), F_SETPIPE_SZ, size) >= size)
            pipe.room = static_cast<std::size_t>(size);
    return pipe;
}

}  // namespace

ReplyPipe PipePool::take() {
    const std::lock_guard guard(mutex_);
    if (free_.empty()) return make_pipe();
    ReplyPipe pipe = std::move(free_.back());
    free_.pop_back();
    return pipe;
}

void PipePool::put(ReplyPipe pipe) noexcept try {
    const std::lock_guard guard(mutex_);
    if (pipe.room > 0) free_.push_back(std::move(pipe));
} catch (const std::bad_alloc&) {
    return;  // no room to keep it: let it go
}

void send_error(int connection, const fuse_in_header& request, int code) {
    if (!wants_reply(request.opcode)) return;
    fuse_out_header header = header_for(request, 0);
    header.error = -code;
    const iovec piece = vector_of(&header, sizeof header);
    [[maybe_unused]] const auto sent = send(connection, {&piece, 1});
}

Outcome<void> send_bytes(int connection, const fuse_in_header& request, std::span<const std::byte> bytes) {
    const fuse_out_header header = header_for(request, bytes.size());
    const std::array pieces{vector_of(&header, sizeof header), vector_of(bytes.data(), bytes.size())};
    return send(connection, pieces);
}

Outcome<void> send_memory(int connection, const fuse_in_header& request, std::span<const Piece> pieces) {
    const fuse_out_header header = header_for(request, length_of(pieces));
    std::vector<iovec> vector{vector_of(&header, sizeof header)};
    for (const Piece& piece : pieces)
        vector.push_back(vector_of(piece.memory, piece.length));
    return send(connection, vector);
}

Outcome<void> send_files(int connection, const fuse_in_header& request, std::span<const Piece> pieces,
                         const ReplyPipe& pipe) {
    const fuse_out_header header = header_for(request, length_of(pieces));
    const auto filled = fill(pipe.writing, header, pieces);
    if (!filled) {
        if (filled.error() != EINVAL) send_error(connection, request, filled.error());
        return filled;
    }
    return pour(pipe.reading, connection, header.len);
}

}  // namespace famfs::fused
