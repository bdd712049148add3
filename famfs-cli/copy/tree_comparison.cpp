#include "famfs-cli/copy/tree_comparison.h"

#include "famfs-cli/copy/directory_names.h"
#include "famfs-cli/copy/worker_pool.h"
#include "liblog/file_descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <mutex>
#include <new>
#include <optional>

namespace famfs::cli {
namespace {

constexpr std::uint64_t piece_bytes = std::uint64_t{64} << 20;
constexpr std::uint64_t buffer_bytes = std::uint64_t{256} << 10;
constexpr std::uint64_t no_difference = std::numeric_limits<std::uint64_t>::max();

std::string text_of(int code) {
    return std::generic_category().message(code);
}

std::string join(const std::string& directory, const std::string& name) {
    return directory.empty() ? name : directory + "/" + name;
}

Result<std::size_t> read_some(int file, std::byte* out, std::size_t wanted, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < wanted) {
        const ssize_t length = ::pread(file, out + done, wanted - done, static_cast<off_t>(offset + done));
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) return fail_errno(errno, "cannot read it");
        if (length == 0) break;
        done += static_cast<std::size_t>(length);
    }
    return done;
}

// Opened anew for each piece: threads then share nothing.
class FilePair {
  public:
    FilePair(const std::string& left, const std::string& right)
        : left_(::open(left.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
        code_ = left_ ? 0 : errno;
        if (code_ == 0) right_ = FileDescriptor(::open(right.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (code_ == 0 && !right_) code_ = errno;
    }

    Result<void> check() const {
        if (code_ == 0) return {};
        return fail_errno(code_, "cannot open it");
    }

    // The offset of the first byte of [offset, offset + length) that differs, or no_difference.
    Result<std::uint64_t> first_difference(std::uint64_t offset, std::uint64_t length) {
        left_buffer_.resize(length);
        right_buffer_.resize(length);
        const auto left = read_some(left_.get(), left_buffer_.data(), length, offset);
        if (!left) return std::unexpected(left.error());
        const auto right = read_some(right_.get(), right_buffer_.data(), length, offset);
        if (!right) return std::unexpected(right.error());
        const std::size_t both = std::min(*left, *right);
        const auto differ =
            std::mismatch(left_buffer_.begin(), left_buffer_.begin() + static_cast<std::ptrdiff_t>(both),
                          right_buffer_.begin());
        const auto equal = static_cast<std::size_t>(differ.first - left_buffer_.begin());
        return equal < length ? offset + equal : no_difference;
    }

  private:
    FileDescriptor left_;
    FileDescriptor right_;
    int code_ = 0;
    std::vector<std::byte> left_buffer_;
    std::vector<std::byte> right_buffer_;
};

}  // namespace

struct TreeComparison::Pair {
    std::string in_mount;
    std::string in_directory;
    std::string shown;
    std::uint64_t size = 0;
    std::optional<Difference> difference;  // known without looking at the content
    std::mutex mutex;                      // of the rest
    std::uint64_t first = no_difference;
    std::string trouble;

    void compare_piece(std::uint64_t offset, std::uint64_t length, Progress& progress, Interrupt& interrupt);
    Result<std::uint64_t> find_difference(std::uint64_t offset, std::uint64_t length, Progress& progress,
                                          Interrupt& interrupt) const;
};

TreeComparison::TreeComparison(const PathResolver& mounts) : mounts_(mounts) {}
TreeComparison::~TreeComparison() = default;

void TreeComparison::add_difference(Difference difference) {
    auto pair = std::make_unique<Pair>();
    pair->difference = std::move(difference);
    pairs_.push_back(std::move(pair));
}

void TreeComparison::collect(const std::string& in_mount, const std::string& in_directory,
                             const std::string& shown) {
    struct stat left{};
    struct stat right{};
    using Kind = Difference::Kind;
    const auto differs = [&](Kind kind, int code) {
        add_difference({kind, shown, 0, static_cast<std::uint64_t>(left.st_size),
                        static_cast<std::uint64_t>(right.st_size), code == 0 ? "" : text_of(code)});
    };
    if (::lstat(in_mount.c_str(), &left) != 0) {
        return errno == ENOENT ? differs(Kind::missing_in_mount, 0) : differs(Kind::unreadable, errno);
    }
    if (::stat(in_directory.c_str(), &right) != 0) {
        return errno == ENOENT ? differs(Kind::missing_in_directory, 0) : differs(Kind::unreadable, errno);
    }
    if ((left.st_mode & S_IFMT) != (right.st_mode & S_IFMT)) return differs(Kind::type, 0);
    auto pair = std::make_unique<Pair>();
    pair->in_mount = in_mount;
    pair->in_directory = in_directory;
    pair->shown = shown;
    if (S_ISDIR(left.st_mode)) return compare_names(*pair);
    if (left.st_size != right.st_size) return differs(Kind::size, 0);
    pair->size = static_cast<std::uint64_t>(left.st_size);
    pairs_.push_back(std::move(pair));
}

Result<std::vector<std::string>> TreeComparison::names_below(const std::string& directory) const {
    const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) return fail(ErrorKind::io, errno, text_of(errno));
    return names_in(opened.get(), mounts_.place_of(opened.get()));
}

void TreeComparison::compare_names(const Pair& pair) {
    using Kind = Difference::Kind;
    const auto left = names_below(pair.in_mount);
    const auto right = names_below(pair.in_directory);
    if (!left || !right) {
        const Error& error = left ? right.error() : left.error();
        return add_difference({Kind::unreadable, pair.shown, 0, 0, 0, error.message});
    }
    std::vector<std::string> all;
    std::ranges::set_union(*left, *right, std::back_inserter(all));
    // Hidden on one side, it is not there, although a look would find it.
    const auto missing = [&](const std::vector<std::string>& names, const std::string& name, Kind kind) {
        if (std::ranges::binary_search(names, name)) return false;
        add_difference({kind, join(pair.shown, name), 0, 0, 0, ""});
        return true;
    };
    for (const auto& name : all) {
        if (missing(*left, name, Kind::missing_in_mount)) continue;
        if (missing(*right, name, Kind::missing_in_directory)) continue;
        collect(join(pair.in_mount, name), join(pair.in_directory, name), join(pair.shown, name));
    }
}

std::uint64_t TreeComparison::total_bytes() const {
    std::uint64_t total = 0;
    for (const auto& pair : pairs_)
        total += pair->size;
    return total;
}

Result<std::uint64_t> TreeComparison::Pair::find_difference(std::uint64_t offset, std::uint64_t length,
                                                            Progress& progress, Interrupt& interrupt) const {
    FilePair files(in_mount, in_directory);
    Result<std::uint64_t> found = no_difference;
    if (const auto opened = files.check(); !opened) found = std::unexpected(opened.error());
    while (length > 0 && found && *found == no_difference && !interrupt.requested()) {
        const std::uint64_t step = std::min(length, buffer_bytes);
        found = files.first_difference(offset, step);
        progress.add_bytes(step);
        offset += step;
        length -= step;
    }
    return found;
}

// In a worker thread: nothing may be thrown out of it.
void TreeComparison::Pair::compare_piece(std::uint64_t offset, std::uint64_t length, Progress& progress,
                                         Interrupt& interrupt) {
    Result<std::uint64_t> found = no_difference;
    try {
        found = find_difference(offset, length, progress, interrupt);
    } catch (const std::bad_alloc&) {
        found = std::unexpected(out_of_memory());
    }
    const std::lock_guard guard(mutex);
    if (found) {
        first = std::min(first, *found);
    } else if (trouble.empty()) {
        trouble = found.error().message;
    }
}

VerifyReport TreeComparison::compare(Progress& progress, Interrupt& interrupt) {
    WorkerPool workers(default_threads());
    VerifyReport report;
    for (const auto& pair : pairs_) {
        if (pair->difference || interrupt.requested()) continue;
        ++report.files;
        std::uint64_t offset = 0;
        do {
            const std::uint64_t length = std::min(piece_bytes, pair->size - offset);
            workers.submit([&progress, &interrupt, file = pair.get(), offset, length] {
                file->compare_piece(offset, length, progress, interrupt);
                if (offset == 0) progress.add_file();
            });
            offset += length;
        } while (offset < pair->size);
    }
    workers.wait();
    using Kind = Difference::Kind;
    for (const auto& pair : pairs_) {
        if (const auto& known = pair->difference; known.has_value()) {
            report.differences.push_back(*known);
        } else if (!pair->trouble.empty()) {
            report.differences.push_back({Kind::unreadable, pair->shown, 0, 0, 0, pair->trouble});
        } else if (pair->first != no_difference) {
            report.differences.push_back(
                {Kind::content, pair->shown, pair->first, pair->size, pair->size, ""});
        }
    }
    report.bytes = progress.bytes();
    return report;
}

}  // namespace famfs::cli
