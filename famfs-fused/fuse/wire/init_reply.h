// The parts of FUSE's INIT that libfuse (3.14) does not know of: read from the request, written into the
// reply.
#pragma once

#include "famfs-fused/fuse/wire/extension.h"

#include <linux/fuse.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace famfs::fused {

// What the request offers. Pre: check_request() passed it.
InitOffer read_init(std::span<const std::byte> request);

using InitReply = std::array<std::byte, sizeof(fuse_out_header) + sizeof(fuse_init_out)>;

// A copy of libfuse's reply that takes `flags` as well, and with passthrough a stack of one. No value if this
// is not a whole INIT reply, which is then to be sent as it is.
std::optional<InitReply> complete_init(std::span<const iovec> reply, std::uint64_t flags);

}  // namespace famfs::fused
