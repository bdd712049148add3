#include "famfs-fused/process/pid_file.h"

#include "omf/path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace famfs::fused {

namespace {

// It is cut and written: so nothing but a file of our own that has no other name.
Result<void> check_own_file(int descriptor, const std::string& shown) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return fail_errno(errno, shown);
    if (S_ISREG(status.st_mode) && status.st_uid == ::geteuid() && status.st_nlink == 1) return {};
    return fail(ErrorKind::refused, EPERM,
                shown +
                    ": something else lies there, not a plain file of the caller's with one name; remove "
                    "it or name another");
}

}  // namespace

Result<PidFile> PidFile::create(const std::string& path) {
    const std::string shown = "pid file " + omf::printable(path);
    FileDescriptor file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0644));
    if (!file) return fail_errno(errno, shown);
    if (auto checked = check_own_file(file.get(), shown); !checked) return std::unexpected(checked.error());
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
