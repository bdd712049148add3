#include "liblog/device/extent_memory.h"

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

}  // namespace

// One mapped file. Letting it go takes its runs back and unmaps it.
class ExtentMemory::Window {
  public:
    Window(ExtentMemory& memory, std::vector<omf::Extent> runs, std::byte* base, std::uint64_t length)
        : memory_(memory), runs_(std::move(runs)), base_(base), length_(length) {}
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;
    ~Window() {
        memory_.forget(runs_);
        ::munmap(base_, length_);
    }

  private:
    ExtentMemory& memory_;
    std::vector<omf::Extent> runs_;
    std::byte* base_;
    std::uint64_t length_;
};

ExtentMemory::ExtentMemory(Description description, ModeHold hold, ExtentControl control,
                           std::uint32_t number, Access access)
    : MappedMemory(std::move(description), access == Access::read_write),
      hold_(std::move(hold)),
      control_(std::move(control)),
      number_(number),
      access_(access) {}

ExtentMemory::~ExtentMemory() = default;

Result<std::unique_ptr<Memory>> ExtentMemory::adopt(FileDescriptor node, const std::string& path,
                                                    const DaxDevice& device, ModeHold hold, Access access) {
    auto control = ExtentControl::open();
    if (!control)
        return fail(control.error().kind, control.error().code,
                    path + " is in fsdev mode: " + control.error().message);
    const auto attached = control->attach(node.get(), path);
    if (!attached) return std::unexpected(attached.error());
    std::unique_ptr<ExtentMemory> memory(new ExtentMemory({path, Kind::fsdev, attached->size, device.uuid},
                                                          std::move(hold), std::move(*control),
                                                          attached->number, access));
    const omf::Extent start{0, 0, std::min(omf::superblock_region, attached->size)};
    auto file = memory->open_file({&start, 1}, start.length);
    if (!file) return std::unexpected(file.error());
    auto reached = memory->map(*file, {&start, 1}, start.length);
    if (!reached) return std::unexpected(reached.error());
    memory->superblock_ = std::move(*reached);
    memory->superblock_file_ = std::move(*file);
    return std::unique_ptr<Memory>(std::move(memory));
}

Result<FileDescriptor> ExtentMemory::open_file(std::span<const omf::Extent> extents,
                                               std::uint64_t size) const {
    std::vector<omf::Extent> numbered(extents.begin(), extents.end());
    for (omf::Extent& extent : numbered)
        extent.device = number_;
    auto file = control_.open_file({0, numbered}, size, access_);
    if (file) return file;
    return fail(file.error().kind, file.error().code,
                fmt::format("{}: {} bytes at {:#x}: {}", description().path, size,
                            extents.empty() ? 0 : extents.front().offset, file.error().message));
}

Result<Reach> ExtentMemory::map(const FileDescriptor& file, std::span<const omf::Extent> extents,
                                std::uint64_t size) {
    const int protection = PROT_READ | (access_ == Access::read_write ? PROT_WRITE : 0);
    const std::uint64_t length = mapped_length(size);
    void* mapped = ::mmap(nullptr, length, protection, MAP_SHARED, file.get(), 0);
    if (mapped == MAP_FAILED) return fail_errno(errno, description().path + ": mmap of an extent file");
    auto* base = static_cast<std::byte*>(mapped);

    std::vector<omf::Extent> runs;
    for (const omf::Extent& extent : extents) {
        const bool continues = !runs.empty() && runs.back().offset + runs.back().length == extent.offset;
        if (continues)
            runs.back().length += extent.length;
        else
            runs.push_back(extent);
    }
    const std::lock_guard guard(mutex_);
    std::uint64_t start = 0;
    for (const omf::Extent& run : runs) {
        runs_[run.offset] = {std::min(run.length, length - std::min(length, start)), base + start};
        start += run.length;
    }
    return std::make_shared<Window>(*this, std::move(runs), base, length);
}

void ExtentMemory::forget(const std::vector<omf::Extent>& extents) {
    const std::lock_guard guard(mutex_);
    for (const omf::Extent& extent : extents)
        runs_.erase(extent.offset);
}

Result<Reach> ExtentMemory::reach(std::span<const omf::Extent> extents, std::uint64_t size) {
    for (const omf::Extent& extent : extents)
        if (auto checked = check_range(extent.offset, extent.length); !checked)
            return std::unexpected(checked.error());
    const std::uint64_t length = std::max<std::uint64_t>(size, 1);
    const auto file = open_file(extents, length);
    if (!file) return std::unexpected(file.error());
    return map(*file, extents, length);
}

// Bytes that belong to a living file but to none of ours are somebody else's.
Result<void> ExtentMemory::check_unused() {
    const auto claimed = control_.claimed_bytes(number_);
    if (!claimed) return std::unexpected(claimed.error());
    if (*claimed <= std::min(omf::superblock_region, size())) return {};
    return fail(ErrorKind::busy, EBUSY,
                description().path + ": a process still has files of it open or mapped");
}

Result<std::span<std::byte>> ExtentMemory::locate(std::uint64_t offset, std::uint64_t length) const {
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
