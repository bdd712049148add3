#include "famfs-fused/fuse/wire/init_reply.h"

#include "famfs-fused/fuse/wire/kernel_offer.h"

#include <cstring>

namespace famfs::fused {

namespace {

constexpr unsigned high_word = 32;

constexpr std::size_t stack_depth_offset = 36;  // of max_stack_depth in fuse_init_out

static_assert(offsetof(fuse_init_out, flags) == 12 && offsetof(fuse_init_out, flags2) == 32);

}  // namespace

InitOffer read_init(std::span<const std::byte> request) {
    fuse_init_in init{};
    const auto argument = request.subspan(sizeof(fuse_in_header));
    std::memcpy(&init, argument.data(), std::min(argument.size(), sizeof init));
    InitOffer offer{.minor = init.minor, .flags = init.flags};
    if ((init.flags & FUSE_INIT_EXT) != 0) offer.flags |= std::uint64_t{init.flags2} << high_word;
    return offer;
}

std::optional<InitReply> complete_init(std::span<const iovec> reply, std::uint64_t flags) {
    InitReply whole{};
    std::size_t filled = 0;
    for (const iovec& piece : reply) {
        if (piece.iov_len > whole.size() - filled) return std::nullopt;
        std::memcpy(whole.data() + filled, piece.iov_base, piece.iov_len);
        filled += piece.iov_len;
    }
    if (filled != whole.size()) return std::nullopt;
    std::byte* const payload = whole.data() + sizeof(fuse_out_header);
    fuse_init_out init{};
    std::memcpy(&init, payload, sizeof init);
    init.flags |= static_cast<std::uint32_t>(flags);
    init.flags2 |= static_cast<std::uint32_t>(flags >> high_word);
    if (init.flags2 != 0) init.flags |= FUSE_INIT_EXT;
    std::memcpy(payload, &init, sizeof init);
    // Backing files are not FUSE files themselves. Old headers have no name for the field.
    const std::uint32_t depth = 1;
    if ((flags & init_passthrough) != 0) std::memcpy(payload + stack_depth_offset, &depth, sizeof depth);
    return whole;
}

}  // namespace famfs::fused
