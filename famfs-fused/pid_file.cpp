#include "famfs-fused/pid_file.h"

#include "omf/path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace famfs::fused {

Result<PidFile> PidFile::create(const std::string& path) {
    const std::string shown = "pid file " + omf::printable(path);
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file) return fail_errno(errno, shown);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return fail_errno(errno, shown);
        return fail(ErrorKind::busy, EBUSY, shown + ": another daemon holds it");
    }
    const std::string text = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file.get(), 0) != 0 ||
        ::pwrite(file.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
        return fail_errno(errno != 0 ? errno : ENOSPC, shown);
    }
    return PidFile(std::move(file));
}

}  // namespace famfs::fused
