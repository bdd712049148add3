#include "famfs-fused/process/status_channel.h"

#include "liblog/records/failure.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace famfs::fused {

Result<StatusChannel> StatusChannel::take(int descriptor) {
    if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
        return fail(ErrorKind::usage, EBADF, fmt::format("--status-fd {}: no open descriptor", descriptor));
    StatusChannel channel;
    channel.descriptor_ = FileDescriptor(descriptor);
    return channel;
}

// A reader that is gone needs no answer.
void StatusChannel::tell(const Error& failure) const {
    if (!descriptor_) return;
    const std::string record = records::write_failure(failure);
    [[maybe_unused]] const ssize_t written = ::write(descriptor_.get(), record.data(), record.size());
}

}  // namespace famfs::fused
