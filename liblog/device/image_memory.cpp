#include "liblog/device/image_memory.h"

#include "liblog/file_io.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace famfs::device {
namespace {

constexpr std::uint64_t buffer_bytes = 1 << 20;

// Of one copy in the kernel: the image may be cut short meanwhile, and is looked at before the next.
constexpr std::uint64_t max_kernel_copy = 64 << 20;

// What copy_file_range() says when only this pair of files is the trouble.
bool cannot_copy_in_kernel(int code) {
    return code == EXDEV || code == EINVAL || code == ENOSYS || code == EOPNOTSUPP || code == EPERM;
}

std::unexpected<Error> has_shrunk(const std::string& path, std::uint64_t image_end, std::uint64_t range_end) {
    return fail(
        ErrorKind::io, EIO,
        fmt::format("{}: the image ends at {:#x}, before {:#x}: it has shrunk", path, image_end, range_end));
}

}  // namespace

std::unique_ptr<Memory> ImageMemory::adopt(FileDescriptor file, const std::string& path,
                                           const struct stat& status) {
    Description image{path, Kind::image, static_cast<std::uint64_t>(status.st_size), std::nullopt,
                      file_identity(status)};
    return std::unique_ptr<Memory>(new ImageMemory(std::move(file), std::move(image)));
}

Result<void> ImageMemory::resize(std::uint64_t size) {
    if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) return fail_errno(errno, description().path);
    set_size(size);
    return {};
}

// No flag of a write keeps the kernel from making a file longer, so that a cut between this look and the
// write is not seen.
Result<void> ImageMemory::check_present(std::uint64_t offset, std::uint64_t length) {
    if (auto checked = check_range(offset, length); !checked) return checked;
    struct stat status{};
    if (::fstat(file_.get(), &status) != 0) return fail_errno(errno, description().path);
    const auto end = static_cast<std::uint64_t>(status.st_size);
    if (length == 0 || offset + length <= end) return {};
    return has_shrunk(description().path, end, offset + length);
}

Result<void> ImageMemory::read(std::uint64_t offset, std::span<std::byte> out) {
    if (auto checked = check_range(offset, out.size()); !checked) return checked;
    auto count = read_at(file_.get(), out, offset);
    if (!count) return fail_errno(count.error().code, description().path);
    if (*count == out.size()) return {};
    return has_shrunk(description().path, offset + *count, offset + out.size());
}

Result<void> ImageMemory::write(std::uint64_t offset, std::span<const std::byte> bytes) {
    if (auto checked = check_present(offset, bytes.size()); !checked) return checked;
    if (auto written = write_at(file_.get(), bytes, offset); !written)
        return fail_errno(written.error().code, description().path);
    return {};
}

Result<void> ImageMemory::zero(std::uint64_t offset, std::uint64_t length) {
    if (auto checked = check_present(offset, length); !checked) return checked;
    if (length == 0) return {};
    if (::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                    static_cast<off_t>(length)) == 0)
        return {};
    if (errno != EOPNOTSUPP) return fail_errno(errno, description().path);
    return overwrite(offset, length);
}

// Only what is there: a hole reads as zeros already.
Result<void> ImageMemory::overwrite(std::uint64_t offset, std::uint64_t length) {
    const std::uint64_t end = offset + length;
    while (offset < end) {
        const off_t data = ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_DATA);
        if (data < 0 && errno == ENXIO) return {};
        if (data >= 0) offset = static_cast<std::uint64_t>(data);
        const off_t hole = data < 0 ? -1 : ::lseek(file_.get(), data, SEEK_HOLE);
        const std::uint64_t limit = hole < 0 ? end : std::min(end, static_cast<std::uint64_t>(hole));
        if (offset >= limit) return {};
        if (auto written = write_zeros(offset, limit - offset); !written) return written;
        offset = limit;
    }
    return {};
}

Result<void> ImageMemory::write_zeros(std::uint64_t offset, std::uint64_t length) {
    const std::vector<std::byte> zeros(std::min(length, buffer_bytes));
    for (std::uint64_t done = 0; done < length;) {
        const auto piece = std::min<std::uint64_t>(length - done, zeros.size());
        if (auto written = write(offset + done, std::span(zeros).first(piece)); !written) return written;
        done += piece;
    }
    return {};
}

Result<std::uint64_t> ImageMemory::copy_from(int source, std::uint64_t source_offset, std::uint64_t offset,
                                             std::uint64_t length) {
    if (auto checked = check_present(offset, length); !checked) return std::unexpected(checked.error());
    std::uint64_t done = 0;
    while (done < length) {
        const std::uint64_t piece = std::min(length - done, max_kernel_copy);
        if (auto present = check_present(offset + done, piece); !present)
            return std::unexpected(present.error());
        auto from = static_cast<off_t>(source_offset + done);
        auto to = static_cast<off_t>(offset + done);
        const ssize_t count = ::copy_file_range(source, &from, file_.get(), &to, piece, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && !cannot_copy_in_kernel(errno)) return fail_errno(errno, description().path);
        // 0 is the end of the source, or a file (as in /proc) whose size the kernel does not know.
        if (count <= 0) {
            auto rest = copy_through_buffer(source, source_offset + done, offset + done, length - done);
            if (!rest) return rest;
            return done + *rest;
        }
        done += static_cast<std::uint64_t>(count);
    }
    return done;
}

Result<std::uint64_t> ImageMemory::copy_through_buffer(int source, std::uint64_t source_offset,
                                                       std::uint64_t offset, std::uint64_t length) {
    std::vector<std::byte> buffer(std::min(length, buffer_bytes));
    std::uint64_t done = 0;
    while (done < length) {
        const auto piece = std::span(buffer).first(std::min<std::uint64_t>(length - done, buffer.size()));
        const auto count = read_at(source, piece, source_offset + done);
        if (!count) return std::unexpected(count.error());
        if (auto written = write(offset + done, piece.first(*count)); !written)
            return std::unexpected(written.error());
        done += *count;
        if (*count < piece.size()) break;
    }
    return done;
}

Result<void> ImageMemory::write_back(std::uint64_t offset, std::uint64_t length) {
    return check_range(offset, length);
}

Result<void> ImageMemory::invalidate(std::uint64_t offset, std::uint64_t length) {
    return check_range(offset, length);
}

}  // namespace famfs::device
