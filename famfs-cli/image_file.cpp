#include "famfs-cli/image_file.h"

#include "famfs-cli/size.h"
#include "liblog/file_descriptor.h"
#include "liblog/pool/format.h"
#include "liblog/process_start.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>
#include <utility>

namespace famfs::cli {
namespace {

std::string shown(const std::string& path) {
    return omf::printable(path);
}

// "dax0.0" and "/dev/dax0.0" mean a device even where there is none: no file takes its place.
bool names_dax_device(std::string_view path) {
    constexpr std::string_view folder = "/dev/";
    if (path.starts_with(folder)) path.remove_prefix(folder.size());
    return path.starts_with("dax") && path.find_first_not_of("0123456789.", 3) == std::string_view::npos;
}

Error no_image(const std::string& path) {
    return {
        ErrorKind::refused, EINVAL,
        fmt::format("{} is no image file: a device has the size that it has; leave out --size", shown(path))};
}

// As whoever makes a file here has it, but its owner can format it.
mode_t image_mode() {
    return (0666 & ~caller_umask()) | 0600;
}

// Growing changes the file before format() can refuse it, so the same question is asked first.
Result<void> check_content(const std::string& path, bool force) {
    const auto memory = device::open_memory(path, device::Access::read_only);
    if (!memory) return std::unexpected(memory.error());
    const auto content = pool::identify(**memory);
    if (!content) return std::unexpected(content.error());
    if (content->empty() || force) return {};
    return fail(ErrorKind::refused, EEXIST,
                fmt::format("{} holds {}; --force overwrites it", shown(path), omf::printable(*content)));
}

}  // namespace

ImageFile::ImageFile(ImageFile&& other) noexcept
    : path_(std::move(other.path_)),
      undo_(std::exchange(other.undo_, Undo::nothing)),
      old_size_(other.old_size_) {}

ImageFile::~ImageFile() {
    if (undo_ == Undo::remove) ::unlink(path_.c_str());
    if (undo_ == Undo::shrink)
        static_cast<void>(::truncate(path_.c_str(), static_cast<off_t>(old_size_)) == 0);
}

Result<ImageFile> ImageFile::create(const std::string& path, std::uint64_t size) {
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return fail_errno(errno, fmt::format("cannot make {}", shown(path)));
    ImageFile image(path, Undo::remove, 0);
    if (::fchmod(file.get(), image_mode()) != 0) return fail_errno(errno, shown(path));
    if (::ftruncate(file.get(), static_cast<off_t>(size)) == 0) return image;
    return fail_errno(errno, fmt::format("cannot make {} of {}", shown(path), readable_size(size)));
}

Result<ImageFile> ImageFile::grow(const std::string& path, std::uint64_t size, bool force) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return fail_errno(errno, shown(path));
    if (!S_ISREG(status.st_mode)) return std::unexpected(no_image(path));
    const auto old_size = static_cast<std::uint64_t>(status.st_size);
    if (size < old_size) {
        return fail(ErrorKind::refused, EEXIST,
                    fmt::format("{} is {} already, more than {}; remove it first, or leave out --size",
                                shown(path), exact_size(old_size), exact_size(size)));
    }
    if (size == old_size) return ImageFile(path, Undo::nothing, old_size);
    if (old_size > 0) {
        if (const auto free = check_content(path, force); !free) return std::unexpected(free.error());
    }
    if (::truncate(path.c_str(), static_cast<off_t>(size)) == 0)
        return ImageFile(path, Undo::shrink, old_size);
    return fail_errno(errno, fmt::format("cannot grow {} to {}", shown(path), readable_size(size)));
}

Result<ImageFile> ImageFile::prepare(const std::string& path, std::optional<std::uint64_t> size, bool force) {
    if (!size) return ImageFile(path, Undo::nothing, 0);
    if (names_dax_device(path)) return std::unexpected(no_image(path));
    if (::access(path.c_str(), F_OK) == 0) return grow(path, *size, force);
    return create(path, *size);
}

}  // namespace famfs::cli
