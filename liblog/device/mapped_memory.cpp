#include "liblog/device/mapped_memory.h"

#include "liblog/device/cache_lines.h"
#include "liblog/device/guarded_access.h"
#include "liblog/file_io.h"

#include <cstring>

namespace famfs::device {
namespace {

std::unexpected<Error> lost(const Description& device) {
    return fail(ErrorKind::io, EIO,
                device.path + ": its memory does not answer; the device is gone or damaged");
}

}  // namespace

MappedMemory::MappedMemory(Description description, bool writable)
    : Memory(std::move(description)), writable_(writable) {
    catch_lost_memory();
}

Result<std::span<std::byte>> MappedMemory::find(std::uint64_t offset, std::uint64_t length) const {
    if (auto checked = check_range(offset, length); !checked) return std::unexpected(checked.error());
    return locate(offset, length);
}

Result<std::span<std::byte>> MappedMemory::find_for_store(std::uint64_t offset, std::uint64_t length) const {
    if (!writable_) return fail_errno(EBADF, description().path + ": opened for reading only");
    return find(offset, length);
}

Result<void> MappedMemory::read(std::uint64_t offset, std::span<std::byte> out) {
    const auto bytes = find(offset, out.size());
    if (!bytes) return std::unexpected(bytes.error());
    const bool done = guard_sigbus([&] {
        invalidate_lines(*bytes);
        std::memcpy(out.data(), bytes->data(), out.size());
    });
    if (!done) return lost(description());
    return {};
}

Result<void> MappedMemory::write(std::uint64_t offset, std::span<const std::byte> bytes) {
    const auto target = find_for_store(offset, bytes.size());
    if (!target) return std::unexpected(target.error());
    if (!guard_sigbus([&] { std::memcpy(target->data(), bytes.data(), bytes.size()); }))
        return lost(description());
    return {};
}

Result<void> MappedMemory::zero(std::uint64_t offset, std::uint64_t length) {
    const auto target = find_for_store(offset, length);
    if (!target) return std::unexpected(target.error());
    if (!guard_sigbus([&] { std::memset(target->data(), 0, target->size()); })) return lost(description());
    return {};
}

// The kernel stores here, and has an error for what would be a signal to us.
Result<std::uint64_t> MappedMemory::copy_from(int source, std::uint64_t source_offset, std::uint64_t offset,
                                              std::uint64_t length) {
    const auto target = find_for_store(offset, length);
    if (!target) return std::unexpected(target.error());
    auto copied = read_at(source, *target, source_offset);
    if (!copied && copied.error().code == EFAULT) return lost(description());
    return copied;
}

Result<void> MappedMemory::write_back(std::uint64_t offset, std::uint64_t length) {
    const auto bytes = find(offset, length);
    if (!bytes) return std::unexpected(bytes.error());
    if (!guard_sigbus([&] { write_back_lines(*bytes); })) return lost(description());
    return {};
}

Result<void> MappedMemory::invalidate(std::uint64_t offset, std::uint64_t length) {
    const auto bytes = find(offset, length);
    if (!bytes) return std::unexpected(bytes.error());
    if (!guard_sigbus([&] { invalidate_lines(*bytes); })) return lost(description());
    return {};
}

void MappedMemory::fence() {
    store_fence();
}

}  // namespace famfs::device
