#include "liblog/shadow/beneath.h"

#include "omf/path.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

namespace famfs::shadow {

Result<FileDescriptor> open_beneath(int directory, const std::string& path, int flags) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const char* name = path.empty() ? "." : path.c_str();
    long descriptor = -1;
    do {
        // EAGAIN: a rename elsewhere made the kernel unsure; openat2(2) says to try again.
        descriptor = ::syscall(SYS_openat2, directory, name, &how, sizeof(how));
    } while (descriptor < 0 && (errno == EINTR || errno == EAGAIN));
    if (descriptor < 0) return fail_errno(errno, omf::printable(path));
    return FileDescriptor(static_cast<int>(descriptor));
}

}  // namespace famfs::shadow
