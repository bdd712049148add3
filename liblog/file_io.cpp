#include "liblog/file_io.h"

#include "liblog/file_descriptor.h"

#include <fcntl.h>
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

Result<std::string> read_file(int directory, const std::string& name, std::size_t limit) {
    const FileDescriptor file(
        ::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!file) return fail_errno(errno, name);
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return fail_errno(errno, name);
    if (!S_ISREG(status.st_mode)) return fail(ErrorKind::corrupt, EUCLEAN, name + ": not a regular file");
    // One byte more than allowed tells a file that is too large, whatever its size was a moment ago.
    std::string content(limit + 1, '\0');
    auto count = read_at(file.get(), std::as_writable_bytes(std::span(content)), 0);
    if (!count) return fail_errno(count.error().code, name);
    if (*count > limit)
        return fail(ErrorKind::corrupt, EFBIG, name + ": larger than " + std::to_string(limit) + " bytes");
    content.resize(*count);
    return content;
}

Result<void> replace_file(int directory, const std::string& temporary, const std::string& name,
                          std::string_view content, mode_t mode) {
    const FileDescriptor file(
        ::openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!file) return fail_errno(errno, temporary);
    auto written = write_at(file.get(), std::as_bytes(std::span(content)), 0);
    int code = written ? 0 : written.error().code;
    if (code == 0 && ::fchmod(file.get(), mode) != 0) code = errno;
    if (code == 0 && ::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) code = errno;
    if (code == 0) return {};
    ::unlinkat(directory, temporary.c_str(), 0);
    return fail_errno(code, name);
}

}  // namespace famfs
