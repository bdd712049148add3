#include "famfs-cli/verbs/image_file.h"

#include "famfs-cli/ui/size.h"
#include "liblog/file_descriptor.h"
#include "liblog/process_start.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

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

// A descriptor of the file, which is made if there is none; `made` tells.
Result<FileDescriptor> open_or_create(const std::string& path, bool& made) {
    constexpr int flags = O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    struct stat status{};
    made = false;
    // Looked at first: the mere opening of a device node means something.
    if (::stat(path.c_str(), &status) == 0) {
        if (!S_ISREG(status.st_mode)) return std::unexpected(no_image(path));
        FileDescriptor file(::open(path.c_str(), flags));
        if (file || errno != ENOENT)
            return file ? Result<FileDescriptor>(std::move(file)) : fail_errno(errno, shown(path));
    }
    FileDescriptor file(::open(path.c_str(), flags | O_CREAT | O_EXCL, 0600));
    if (!file) return fail_errno(errno, fmt::format("cannot make {}", shown(path)));
    made = true;
    // As whoever makes a file here has it, but its owner can format it.
    if (::fchmod(file.get(), (0666 & ~caller_umask()) | 0600) != 0) return fail_errno(errno, shown(path));
    return file;
}

}  // namespace

Result<ImageFile> ImageFile::open_or_make(const std::string& path) {
    bool made = false;
    auto file = open_or_create(path, made);
    if (!file) return std::unexpected(file.error());
    const auto whole = device::resolve_device_path(path);
    if (!whole) return fail_errno(ESTALE, shown(path));
    auto memory = device::adopt_image(std::move(*file), *whole);
    if (!memory) return std::unexpected(memory.error());
    ImageFile image(std::move(*memory), made);
    auto use = pool::SoleUse::acquire(image.memory());
    if (!use) return std::unexpected(use.error());
    image.use_.emplace(std::move(*use));
    return image;
}

Result<ImageFile> ImageFile::open(const std::string& path) {
    if (names_dax_device(path)) return std::unexpected(no_image(path));
    // Another mkfs may make the file, or take its own away again, between any two of our steps.
    constexpr int max_tries = 100;
    for (int tries = 1;; ++tries) {
        auto image = open_or_make(path);
        if (image || tries == max_tries) return image;
        if (image.error().code != ESTALE && image.error().code != EEXIST) return image;
    }
}

// Without sole use it is not ours to undo: another mkfs has taken the file on.
ImageFile::~ImageFile() {
    if (!memory_ || !use_ || kept_) return;
    if (made_ && device::check_named(*memory_)) {
        ::unlink(memory_->description().path.c_str());
    } else if (memory_->size() != old_size_) {
        static_cast<void>(memory_->resize(old_size_));
    }
}

Result<void> ImageFile::grow(std::uint64_t size) {
    const std::string& path = memory_->description().path;
    if (size < old_size_) {
        return fail(ErrorKind::refused, EEXIST,
                    fmt::format("{} is {} already, more than {}; remove it first, or leave out --size",
                                shown(path), exact_size(old_size_), exact_size(size)));
    }
    if (size == old_size_) return {};
    const auto resized = memory_->resize(size);
    if (resized) return {};
    return fail_errno(resized.error().code,
                      fmt::format("cannot {} {} {} {}", made_ ? "make" : "grow", shown(path),
                                  made_ ? "of" : "to", readable_size(size)));
}

}  // namespace famfs::cli
