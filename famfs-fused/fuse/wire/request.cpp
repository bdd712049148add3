#include "famfs-fused/fuse/wire/request.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

namespace famfs::fused {

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint32_t oldest_minor = 31;
constexpr std::size_t short_init = 16;  // what an INIT without FUSE_INIT_EXT carries at least
constexpr std::size_t short_setxattr =
    8;  // fuse_setxattr_in without FUSE_SETXATTR_EXT, which is never asked for

// A request's argument: a fixed part, then so many names, each with a NUL at its end.
struct Shape {
    std::uint32_t opcode;
    std::size_t fixed;
    unsigned names;
};

constexpr std::array shapes{
    Shape{FUSE_LOOKUP, 0, 1},
    Shape{FUSE_FORGET, sizeof(fuse_forget_in), 0},
    Shape{FUSE_GETATTR, sizeof(fuse_getattr_in), 0},
    Shape{FUSE_SETATTR, sizeof(fuse_setattr_in), 0},
    Shape{FUSE_READLINK, 0, 0},
    Shape{FUSE_SYMLINK, 0, 2},
    Shape{FUSE_MKNOD, sizeof(fuse_mknod_in), 1},
    Shape{FUSE_MKDIR, sizeof(fuse_mkdir_in), 1},
    Shape{FUSE_UNLINK, 0, 1},
    Shape{FUSE_RMDIR, 0, 1},
    Shape{FUSE_RENAME, sizeof(fuse_rename_in), 2},
    Shape{FUSE_LINK, sizeof(fuse_link_in), 1},
    Shape{FUSE_OPEN, sizeof(fuse_open_in), 0},
    Shape{FUSE_READ, sizeof(fuse_read_in), 0},
    Shape{FUSE_WRITE, sizeof(fuse_write_in), 0},
    Shape{FUSE_STATFS, 0, 0},
    Shape{FUSE_RELEASE, sizeof(fuse_release_in), 0},
    Shape{FUSE_FSYNC, sizeof(fuse_fsync_in), 0},
    Shape{FUSE_SETXATTR, short_setxattr, 1},
    Shape{FUSE_GETXATTR, sizeof(fuse_getxattr_in), 1},
    Shape{FUSE_LISTXATTR, sizeof(fuse_getxattr_in), 0},
    Shape{FUSE_REMOVEXATTR, 0, 1},
    Shape{FUSE_FLUSH, sizeof(fuse_flush_in), 0},
    Shape{FUSE_INIT, short_init, 0},
    Shape{FUSE_OPENDIR, sizeof(fuse_open_in), 0},
    Shape{FUSE_READDIR, sizeof(fuse_read_in), 0},
    Shape{FUSE_RELEASEDIR, sizeof(fuse_release_in), 0},
    Shape{FUSE_FSYNCDIR, sizeof(fuse_fsync_in), 0},
    Shape{FUSE_GETLK, sizeof(fuse_lk_in), 0},
    Shape{FUSE_SETLK, sizeof(fuse_lk_in), 0},
    Shape{FUSE_SETLKW, sizeof(fuse_lk_in), 0},
    Shape{FUSE_ACCESS, sizeof(fuse_access_in), 0},
    Shape{FUSE_CREATE, sizeof(fuse_create_in), 1},
    Shape{FUSE_INTERRUPT, sizeof(fuse_interrupt_in), 0},
    Shape{FUSE_BMAP, sizeof(fuse_bmap_in), 0},
    Shape{FUSE_DESTROY, 0, 0},
    Shape{FUSE_IOCTL, sizeof(fuse_ioctl_in), 0},
    Shape{FUSE_POLL, sizeof(fuse_poll_in), 0},
    Shape{FUSE_NOTIFY_REPLY, 0, 0},
    Shape{FUSE_BATCH_FORGET, sizeof(fuse_batch_forget_in), 0},
    Shape{FUSE_FALLOCATE, sizeof(fuse_fallocate_in), 0},
    Shape{FUSE_READDIRPLUS, sizeof(fuse_read_in), 0},
    Shape{FUSE_RENAME2, sizeof(fuse_rename2_in), 2},
    Shape{FUSE_LSEEK, sizeof(fuse_lseek_in), 0},
    Shape{FUSE_COPY_FILE_RANGE, sizeof(fuse_copy_file_range_in), 0},
};

// Pre: bytes.size() >= sizeof(T).
template <typename T>
T copy_of(Bytes bytes) {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

// What follows the names, or no value if one of them does not end.
std::optional<Bytes> skip_names(Bytes bytes, unsigned names) {
    for (; names > 0; --names) {
        const auto end = std::ranges::find(bytes, std::byte{0});
        if (end == bytes.end()) return std::nullopt;
        bytes = bytes.subspan(static_cast<std::size_t>(end - bytes.begin()) + 1);
    }
    return bytes;
}

Outcome<void> at_least(std::uint64_t needed, Bytes there) {
    if (there.size() < needed) return std::unexpected(EINVAL);
    return {};
}

Outcome<void> check_init(Bytes argument) {
    const auto major = copy_of<std::uint32_t>(argument);
    const auto minor = copy_of<std::uint32_t>(argument.subspan(4));
    const auto flags = copy_of<std::uint32_t>(argument.subspan(12));
    if (major != FUSE_KERNEL_VERSION || minor < oldest_minor) return std::unexpected(EPROTO);
    return at_least((flags & FUSE_INIT_EXT) != 0 ? sizeof(fuse_init_in) : short_init, argument);
}

// The requests whose fixed part says how much comes after it.
Outcome<void> check_tail(std::uint32_t opcode, Bytes argument, Bytes tail) {
    switch (opcode) {
        case FUSE_WRITE:
            return at_least(copy_of<fuse_write_in>(argument).size, tail);
        case FUSE_IOCTL:
            return at_least(copy_of<fuse_ioctl_in>(argument).in_size, tail);
        case FUSE_SETXATTR:
            return at_least(copy_of<std::uint32_t>(argument), tail);
        case FUSE_BATCH_FORGET:
            return at_least(
                std::uint64_t{copy_of<fuse_batch_forget_in>(argument).count} * sizeof(fuse_forget_one), tail);
        case FUSE_INIT:
            return check_init(argument);
        default:
            return {};
    }
}

}  // namespace

fuse_in_header header_of(Bytes request) {
    return copy_of<fuse_in_header>(request);
}

Outcome<void> check_request(Bytes request) {
    if (request.size() < sizeof(fuse_in_header)) return std::unexpected(EINVAL);
    const fuse_in_header header = header_of(request);
    if (header.len != request.size()) return std::unexpected(EINVAL);
    const auto shape = std::ranges::find(shapes, header.opcode, &Shape::opcode);
    if (shape == shapes.end()) return std::unexpected(ENOSYS);
    const Bytes argument = request.subspan(sizeof(fuse_in_header));
    if (argument.size() < shape->fixed) return std::unexpected(EINVAL);
    const auto tail = skip_names(argument.subspan(shape->fixed), shape->names);
    if (!tail) return std::unexpected(EINVAL);
    return check_tail(header.opcode, argument, *tail);
}

bool wants_reply(std::uint32_t opcode) {
    return opcode != FUSE_FORGET && opcode != FUSE_BATCH_FORGET && opcode != FUSE_INTERRUPT &&
           opcode != FUSE_NOTIFY_REPLY;
}

}  // namespace famfs::fused
