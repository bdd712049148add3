#include "liblog/file_io.h"

#include "liblog/file_descriptor.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace famfs {

Result<std::size_t> read_at(int descriptor, std::span<std::byte> out, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t count =
            ::pread(descriptor, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno(errno, "read");
        if (count == 0) break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

Result<void> write_at(int descriptor, std::span<const std::byte> bytes, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count =
            ::pwrite(descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno(errno, "write");
        done += static_cast<std::size_t>(count);
    }
    return {};
}

namespace {

Result<void> check_readable(const struct stat& status, const std::string& name, Owner owner) {
    if (!S_ISREG(status.st_mode))
        return fail(ErrorKind::corrupt, EUCLEAN, omf::printable(name) + ": not a regular file");
    if (owner == Owner::anyone || status.st_uid == 0 || status.st_uid == ::geteuid()) return {};
    return fail(ErrorKind::refused, EPERM,
                fmt::format("{}: belongs to user {}, who is neither root nor the caller",
                            omf::printable(name), status.st_uid));
}

}  // namespace

Result<std::string> read_file(int directory, const std::string& name, std::size_t limit, Owner owner) {
    const FileDescriptor file(
        ::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) return fail_errno(errno, omf::printable(name));
    if (auto checked = check_readable(status, name, owner); !checked) return std::unexpected(checked.error());
    // One byte more than allowed tells a file that is too large, whatever its size was a moment ago.
    std::string content(limit + 1, '\0');
    auto count = read_at(file.get(), std::as_writable_bytes(std::span(content)), 0);
    if (!count) return fail_errno(count.error().code, omf::printable(name));
    if (*count > limit)
        return fail(ErrorKind::corrupt, EFBIG,
                    fmt::format("{}: larger than {} bytes", omf::printable(name), limit));
    content.resize(*count);
    return content;
}

Result<void> replace_file(int directory, const std::string& temporary, const std::string& name,
                          std::string_view content, mode_t mode, Durability durability) {
    // A predecessor that was killed may have left it.
    if (::unlinkat(directory, temporary.c_str(), 0) != 0 && errno != ENOENT)
        return fail_errno(errno, omf::printable(temporary));
    const FileDescriptor file(
        ::openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!file) return fail_errno(errno, omf::printable(temporary));
    auto written = write_at(file.get(), std::as_bytes(std::span(content)), 0);
    int code = written ? 0 : written.error().code;
    if (code == 0 && ::fchmod(file.get(), mode) != 0) code = errno;
    if (code == 0 && durability == Durability::synced && ::fsync(file.get()) != 0) code = errno;
    if (code == 0 && ::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) code = errno;
    if (code == 0) return {};
    ::unlinkat(directory, temporary.c_str(), 0);
    return fail_errno(code, omf::printable(name));
}

}  // namespace famfs
