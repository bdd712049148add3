#include "liblog/device/extent_memory.h"

#include "omf/constants.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace famfs::device {

ExtentMemory::ExtentMemory(Description description, ModeHold hold, ExtentControl control,
                           std::uint32_t number, Access access)
    : WindowedMemory(std::move(description), access),
      hold_(std::move(hold)),
      control_(std::move(control)),
      number_(number) {}

ExtentMemory::~ExtentMemory() {
    let_go();
}

Result<std::unique_ptr<Memory>> ExtentMemory::adopt(FileDescriptor node, const std::string& path,
                                                    const DaxDevice& device, ModeHold hold, Access access) {
    auto control = ExtentControl::open();
    if (!control)
        return fail(control.error().kind, control.error().code,
                    path + " is in fsdev mode: " + control.error().message);
    const auto attached = control->attach(node.get(), path);
    if (!attached) return std::unexpected(attached.error());
    std::unique_ptr<ExtentMemory> memory(
        new ExtentMemory({path, Kind::fsdev, attached->size, device.uuid, node_identity(device.number)},
                         std::move(hold), std::move(*control), attached->number, access));
    if (auto opened = memory->open_superblock(); !opened) return std::unexpected(opened.error());
    return std::unique_ptr<Memory>(std::move(memory));
}

Result<FileDescriptor> ExtentMemory::open_file(std::span<const omf::Extent> extents, std::uint64_t size) {
    std::vector<omf::Extent> numbered(extents.begin(), extents.end());
    for (omf::Extent& extent : numbered)
        extent.device = number_;
    auto file = control_.open_file({0, numbered}, size, access());
    if (file) return file;
    return fail(file.error().kind, file.error().code,
                fmt::format("{}: {} bytes at {:#x}: {}", description().path, size,
                            extents.empty() ? 0 : extents.front().offset, file.error().message));
}

// Bytes that belong to a living file but to none of ours are somebody else's.
Result<void> ExtentMemory::check_unused() {
    const auto claimed = control_.claimed_bytes(number_);
    if (!claimed) return std::unexpected(claimed.error());
    if (*claimed <= std::min(omf::superblock_region, size())) return {};
    return fail(ErrorKind::busy, EBUSY,
                description().path +
                    ": a process still has files of it open or mapped, or pages of them in a pipe or in I/O "
                    "under way");
}

}  // namespace famfs::device
