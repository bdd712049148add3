// A request as the kernel wrote it, checked before libfuse takes it apart: libfuse believes every length in
// it.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "service/outcome.h"

#include <linux/fuse.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace famfs::fused {

// The header of a request. Pre: request.size() >= sizeof(fuse_in_header).
fuse_in_header header_of(std::span<const std::byte> request);

// Whether a request is whole: its length is what arrived, its argument is there, its names end, its data is
// as long as it says. EINVAL if not, ENOSYS for an opcode that this daemon does not know, EPROTO for an INIT
// of a kernel before 7.31 (Linux 5.4).
Outcome<void> check_request(std::span<const std::byte> request);

// False for what the kernel sends without waiting for an answer.
bool wants_reply(std::uint32_t opcode);

}  // namespace famfs::fused
