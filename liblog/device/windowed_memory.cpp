#include "liblog/device/windowed_memory.h"

#include "omf/constants.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace famfs::device {
namespace {

// Whole pages: the rest of the last one is mapped with it.
std::uint64_t mapped_length(std::uint64_t size) {
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return (size + page - 1) / page * page;
}

// Extents that follow each other in the device are one run.
std::vector<omf::Extent> joined(std::span<const omf::Extent> extents) {
    std::vector<omf::Extent> runs;
    for (const omf::Extent& extent : extents) {
        const bool continues = !runs.empty() && runs.back().offset + runs.back().length == extent.offset;
        if (continues)
            runs.back().length += extent.length;
        else
            runs.push_back(extent);
    }
    return runs;
}

}  // namespace

// One mapped file. Letting it go takes its runs back and unmaps it.
class WindowedMemory::Window {
  public:
    Window(WindowedMemory& memory, std::byte* base, std::uint64_t length)
        : memory_(memory), base_(base), length_(length) {}
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;
    ~Window() {
        memory_.forget(runs_);
        ::munmap(base_, length_);
    }

    // Lets locate() find the runs, which follow each other in the file.
    void add(std::span<const omf::Extent> runs) {
        const std::lock_guard guard(memory_.mutex_);
        runs_.reserve(runs.size());
        std::uint64_t start = 0;
        for (const omf::Extent& run : runs) {
            const std::uint64_t at = std::min(length_, start);
            runs_.push_back(
                memory_.runs_.emplace(run.offset, Run{std::min(run.length, length_ - at), base_ + at}));
            start += run.length;
        }
    }

  private:
    WindowedMemory& memory_;
    std::vector<Runs::iterator> runs_;
    std::byte* base_;
    std::uint64_t length_;
};

Result<void> WindowedMemory::open_superblock() {
    const omf::Extent start{0, 0, std::min(omf::superblock_region, size())};
    auto file = open_file({&start, 1}, start.length);
    if (!file) return std::unexpected(file.error());
    auto reached = map(*file, {&start, 1}, start.length);
    if (!reached) return std::unexpected(reached.error());
    superblock_ = std::move(*reached);
    superblock_file_ = std::move(*file);
    return {};
}

Result<MappedRange> WindowedMemory::map(const FileDescriptor& file, std::span<const omf::Extent> extents,
                                        std::uint64_t size) {
    const int protection = PROT_READ | (access_ == Access::read_write ? PROT_WRITE : 0);
    const std::uint64_t length = mapped_length(size);
    void* mapped = ::mmap(nullptr, length, protection, MAP_SHARED, file.get(), 0);
    if (mapped == MAP_FAILED) return fail_errno(errno, description().path + ": mmap of a file of it");
    const auto window = std::make_shared<Window>(*this, static_cast<std::byte*>(mapped), length);
    window->add(joined(extents));
    return window;
}

void WindowedMemory::forget(const std::vector<Runs::iterator>& runs) {
    const std::lock_guard guard(mutex_);
    for (const auto& run : runs)
        runs_.erase(run);
}

Result<MappedRange> WindowedMemory::reach(std::span<const omf::Extent> extents, std::uint64_t size) {
    if (auto checked = check_extents(extents); !checked) return std::unexpected(checked.error());
    const std::uint64_t length = std::max<std::uint64_t>(size, 1);
    const auto file = open_file(extents, length);
    if (!file) return std::unexpected(file.error());
    return map(*file, extents, length);
}

Result<std::span<std::byte>> WindowedMemory::locate(std::uint64_t offset, std::uint64_t length) const {
    const std::lock_guard guard(mutex_);
    const auto after = runs_.upper_bound(offset);
    if (after != runs_.begin()) {
        const auto& [start, run] = *std::prev(after);
        const std::uint64_t skipped = offset - start;
        if (skipped <= run.length && length <= run.length - skipped)
            return std::span(run.base + skipped, length);
    }
    return fail(ErrorKind::io, ENXIO,
                fmt::format("{}: {} bytes at {:#x} are not within reach in fsdev mode", description().path,
                            length, offset));
}

}  // namespace famfs::device
