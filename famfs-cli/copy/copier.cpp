#include "famfs-cli/copy/copier.h"

#include "omf/path.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <vector>

namespace famfs::cli {
namespace {

constexpr std::uint64_t piece_bytes = std::uint64_t{64} << 20;   // what one thread takes at a time
constexpr std::uint64_t step_bytes = std::uint64_t{8} << 20;     // between looks at Ctrl-C
constexpr std::uint64_t sparse_bytes = std::uint64_t{64} << 10;  // below that nobody looks for holes
// That wait for one before them. Each is mapped in fsdev mode, and a process may have 65,530 mappings.
constexpr std::size_t max_unsettled = 10'000;
constexpr std::size_t compare_bytes = std::size_t{1} << 20;

Error changed(const std::string& how) {
    return {ErrorKind::io, EBUSY, fmt::format("{} while it was copied", how)};
}

// Room that ran out is the pool's or the host's trouble, not the file's, and so is a pool that was formatted
// meanwhile: going on would fail again.
bool is_fatal(const Error& error) {
    return error.code == ENOSPC || error.code == EDQUOT || error.code == EROFS || error.code == ENOMEM ||
           error.kind == ErrorKind::corrupt || error.code == ESTALE;
}

Result<void> read_fully(int source, std::uint64_t offset, std::span<std::byte> out) {
    while (!out.empty()) {
        const ssize_t length = ::pread(source, out.data(), out.size(), static_cast<off_t>(offset));
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) return fail_errno(errno, "cannot read it");
        if (length == 0) return std::unexpected(changed("it shrank"));
        out = out.subspan(static_cast<std::size_t>(length));
        offset += static_cast<std::uint64_t>(length);
    }
    return {};
}

struct Region {
    std::uint64_t end = 0;
    bool hole = false;
};

// The part of [offset, end) that starts at `offset` and is all data or all hole. Data where the file system
// does not say: then the copy finds out what there is, and an end that has come nearer too.
Region region_at(int source, std::uint64_t offset, std::uint64_t end) {
    if (end - offset < sparse_bytes) return {end, false};
    const off_t data = ::lseek(source, static_cast<off_t>(offset), SEEK_DATA);
    if (data < 0) return {end, errno == ENXIO};
    if (static_cast<std::uint64_t>(data) > offset)
        return {std::min(end, static_cast<std::uint64_t>(data)), true};
    const off_t hole = ::lseek(source, data, SEEK_HOLE);
    if (hole <= data) return {end, false};
    return {std::min(end, static_cast<std::uint64_t>(hole)), false};
}

// A source of the size that room was made for, still. What was written to it in place meanwhile is not
// noticed, as with any other copy.
Result<void> check_source(int source, std::uint64_t wanted) {
    struct stat status{};
    if (::fstat(source, &status) != 0) return fail_errno(errno, "cannot look at it");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size < wanted) return std::unexpected(changed("it shrank"));
    if (size > wanted) return std::unexpected(changed("it grew"));
    // Some files, as those of /proc, hold more than the size that they show.
    std::byte more;
    const ssize_t length = ::pread(source, &more, 1, static_cast<off_t>(size));
    if (length > 0)
        return fail(ErrorKind::io, EINVAL, fmt::format("it holds more than the {} bytes that it says", size));
    return {};
}

}  // namespace

struct Copier::File {
    FileDescriptor source;
    std::string name;
    omf::File target;
    std::uint64_t pieces_left = 0;  // under Copier::mutex_, as is `error`
    std::optional<Error> error;
};

Copier::Copier(shadow::PoolWriter& writer, Progress& progress, Interrupt& interrupt, bool verify,
               FailureReport failed)
    : writer_(writer),
      progress_(progress),
      interrupt_(interrupt),
      verify_(verify),
      failed_(std::move(failed)),
      workers_(default_threads()) {}

Copier::~Copier() {
    finish();
}

// False if it was given up: nothing more is worth adding.
bool Copier::wait_for_room() {
    std::unique_lock lock(mutex_);
    while (files_.size() >= max_unsettled && !stopped())
        settled_.wait_for(lock, std::chrono::milliseconds(100));
    return files_.size() < max_unsettled;
}

void Copier::add(FileDescriptor source, std::string name, omf::File target) {
    if (!wait_for_room()) return writer_.release(target);
    const std::uint64_t size = target.size;
    const std::uint64_t pieces = std::max<std::uint64_t>(1, (size + piece_bytes - 1) / piece_bytes);
    const auto file =
        std::make_shared<File>(std::move(source), std::move(name), std::move(target), pieces, std::nullopt);
    {
        const std::lock_guard guard(mutex_);
        files_.push_back(file);
    }
    for (std::uint64_t piece = 0; piece < pieces; ++piece) {
        const std::uint64_t offset = piece * piece_bytes;
        workers_.submit([this, file, offset, length = std::min(piece_bytes, size - offset)] {
            copy_piece(*file, offset, length);
        });
    }
}

void Copier::finish() {
    workers_.wait();
}

bool Copier::stopped() {
    if (!stop_ && interrupt_.requested()) stop_ = true;
    return stop_;
}

std::optional<Error> Copier::fatal() const {
    const std::lock_guard guard(mutex_);
    return fatal_;
}

Result<void> Copier::copy_steps(const File& file, std::uint64_t offset, std::uint64_t length) {
    Result<void> done;
    while (length > 0 && done) {
        if (stopped()) done = fail(ErrorKind::io, EINTR, "interrupted");
        const std::uint64_t step = std::min(length, step_bytes);
        if (done) done = copy_range(file, offset, step);
        if (done && verify_) done = compare_range(file, offset, step);
        if (done) progress_.add_bytes(step);
        offset += step;
        length -= step;
    }
    return done;
}

// In a worker thread: nothing may be thrown out of it.
void Copier::copy_piece(File& file, std::uint64_t offset, std::uint64_t length) {
    Result<void> done;
    try {
        done = copy_steps(file, offset, length);
    } catch (const std::bad_alloc&) {
        done = std::unexpected(out_of_memory());
    }
    std::unique_lock lock(mutex_);
    if (!done && !file.error) file.error = done.error();
    if (file.pieces_left > 1) {
        --file.pieces_left;
        return;
    }
    lock.unlock();  // the last piece: nobody else has the file
    close_source(file);
    lock.lock();
    file.pieces_left = 0;
    settle_ready(lock);
}

// Before the file waits for its turn to be settled.
void Copier::close_source(File& file) {
    if (!file.error)
        if (const auto checked = check_source(file.source.get(), file.target.size); !checked)
            file.error = checked.error();
    const FileDescriptor closed = std::move(file.source);
}

// A hole becomes zeros without being read; an image gets a hole for it.
Result<void> Copier::copy_range(const File& file, std::uint64_t offset, std::uint64_t length) {
    const std::uint64_t end = offset + length;
    while (offset < end) {
        const Region region = region_at(file.source.get(), offset, end);
        const auto done = region.hole ? writer_.zero(file.target, offset, region.end)
                                      : copy_data(file, offset, region.end - offset);
        if (!done) return done;
        offset = region.end;
    }
    return {};
}

Result<void> Copier::copy_data(const File& file, std::uint64_t offset, std::uint64_t length) {
    while (length > 0) {
        omf::Extent run = file.target.layout.view().run_at(offset);
        run.length = std::min(length, run.length);
        const auto copied = writer_.devices().copy_from(file.source.get(), offset, run);
        if (!copied) return std::unexpected(copied.error());
        if (*copied != run.length) return std::unexpected(changed("it shrank"));
        offset += run.length;
        length -= run.length;
    }
    return {};
}

Result<void> Copier::compare_range(const File& file, std::uint64_t offset, std::uint64_t length) {
    std::vector<std::byte> expected(std::min<std::uint64_t>(length, compare_bytes));
    std::vector<std::byte> found(expected.size());
    while (length > 0) {
        const auto run = file.target.layout.view().run_at(offset);
        const auto step =
            static_cast<std::size_t>(std::min({length, run.length, std::uint64_t{compare_bytes}}));
        const std::span left(expected.data(), step);
        const std::span right(found.data(), step);
        if (const auto read = read_fully(file.source.get(), offset, left); !read) return read;
        if (const auto read = writer_.devices().read({run.device, run.offset}, right); !read) return read;
        if (std::memcmp(left.data(), right.data(), step) != 0) {
            return fail(ErrorKind::io, EIO,
                        fmt::format("the copy differs from it in bytes {}…{}", offset, offset + step - 1));
        }
        offset += step;
        length -= step;
    }
    return {};
}

// Settles the files at the head of the line. One thread at a time; it takes what the others finish meanwhile.
void Copier::settle_ready(std::unique_lock<std::mutex>& lock) {
    if (settling_) return;
    settling_ = true;
    while (!files_.empty() && files_.front()->pieces_left == 0) {
        const auto file = std::move(files_.front());
        files_.pop_front();
        lock.unlock();
        bool settled = true;
        try {
            settle(*file);
        } catch (const std::bad_alloc&) {
            settled = false;
        }
        lock.lock();
        settled_.notify_one();
        if (settled) continue;
        if (!fatal_) fatal_ = out_of_memory();
        stop_ = true;
    }
    settling_ = false;
}

void Copier::settle(File& file) {
    Result<void> done;
    if (file.error) done = std::unexpected(*file.error);
    if (done && stopped()) done = fail(ErrorKind::io, EINTR, "interrupted");
    if (done) done = writer_.zero_tail(file.target);
    if (!done) {
        writer_.release(file.target);
        return drop(file, done.error());
    }
    if (const auto committed = writer_.commit(file.target); !committed) return drop(file, committed.error());
    ++committed_;
    progress_.add_file();
}

void Copier::drop(File& file, const Error& error) {
    if (is_fatal(error) || writer_.in_doubt()) {
        const std::lock_guard guard(mutex_);
        if (!fatal_)
            fatal_ = Error{error.kind, error.code,
                           fmt::format("{}: {}", omf::printable(file.name), error.message)};
        stop_ = true;
        return;
    }
    if (error.code != EINTR) failed_(file.name, error.message);
}

}  // namespace famfs::cli
