#include "famfs-fused/fuse/wire/kernel_offer.h"

#include "famfs-fused/fuse/wire/init_reply.h"
#include "famfs-fused/fuse/wire/request.h"
#include "liblog/file_descriptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

namespace famfs::fused {

namespace {

constexpr std::size_t request_room = 1 << 17;  // FUSE wants room for a whole request, whatever comes
constexpr int patience = 5000;                 // milliseconds; the kernel answers at once

std::unexpected<Error> failed(const char* step) {
    return fail_errno(errno, std::string("asking the kernel for its FUSE: ") + step);
}

bool set(int context, const char* key, const std::string& value) {
    return ::fsconfig(context, FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
}

Result<InitOffer> read_offer(int connection) {
    pollfd waiting{connection, POLLIN, 0};
    if (::poll(&waiting, 1, patience) != 1) return failed("no INIT came");
    std::vector<std::byte> request(request_room);
    const ssize_t got = ::read(connection, request.data(), request.size());
    if (got < 0) return failed("read");
    request.resize(static_cast<std::size_t>(got));
    if (!check_request(request) || header_of(request).opcode != FUSE_INIT)
        return fail(ErrorKind::unsupported, EPROTO, "the kernel's FUSE does not begin with an INIT we know");
    return read_init(request);
}

}  // namespace

Result<InitOffer> ask_kernel() {
    // Let go in the opposite order: once the connection is cut, nobody waits for an answer from it.
    const FileDescriptor context(::fsopen("fuse", FSOPEN_CLOEXEC));
    if (!context) return failed("fsopen");
    const FileDescriptor connection(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!connection) return failed("/dev/fuse");
    if (!set(context.get(), "fd", std::to_string(connection.get())) ||
        !set(context.get(), "rootmode", "40000") || !set(context.get(), "user_id", "0") ||
        !set(context.get(), "group_id", "0") ||
        ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
        return failed("fsconfig");
    return read_offer(connection.get());
}

}  // namespace famfs::fused
