#include "liblog/device/dax_memory.h"

#include "liblog/device/cache_lines.h"
#include "liblog/device/dax_device.h"
#include "liblog/file_io.h"

#include <sys/mman.h>

#include <cstring>

namespace famfs::device {
namespace {

Result<void> require_devdax(const DaxDevice& device) {
    switch (device.mode) {
        case DaxMode::devdax:
            return {};
        case DaxMode::system_ram:
            return fail(ErrorKind::refused, EBUSY,
                        "/dev/" + device.name +
                            " is in system-ram mode; daxctl reconfigure-device --mode=devdax " + device.name);
        case DaxMode::fsdev:
            return fail(
                ErrorKind::refused, EBUSY,
                "/dev/" + device.name + " is in fsdev mode, which cannot be mapped; bind it to device_dax");
        case DaxMode::unbound:
            break;
    }
    return fail(
        ErrorKind::refused, ENODEV,
        "/dev/" + device.name + " has no driver; daxctl reconfigure-device --mode=devdax " + device.name);
}

}  // namespace

Result<std::unique_ptr<Memory>> DaxMemory::adopt(FileDescriptor file, const std::string& path, dev_t number,
                                                 Access access) {
    const auto device = find_dax_device(path, number);
    if (!device) return std::unexpected(device.error());
    if (auto checked = require_devdax(*device); !checked) return std::unexpected(checked.error());
    const bool writable = access == Access::read_write;
    const int protection = PROT_READ | (writable ? PROT_WRITE : 0);
    void* base = ::mmap(nullptr, device->size, protection, MAP_SHARED, file.get(), 0);
    if (base == MAP_FAILED) return fail_errno(errno, path + ": mmap");
    return std::unique_ptr<Memory>(new DaxMemory(std::move(file),
                                                 {path, Kind::devdax, device->size, device->uuid},
                                                 static_cast<std::byte*>(base), writable));
}

DaxMemory::~DaxMemory() {
    ::munmap(base_, size());
}

Result<void> DaxMemory::check_store(std::uint64_t offset, std::uint64_t length) const {
    if (!writable_) return fail_errno(EBADF, description().path + ": opened for reading only");
    return check_range(offset, length);
}

Result<void> DaxMemory::read(std::uint64_t offset, std::span<std::byte> out) {
    if (auto checked = check_range(offset, out.size()); !checked) return checked;
    const auto bytes = range(offset, out.size());
    invalidate_lines(bytes);
    std::memcpy(out.data(), bytes.data(), out.size());
    return {};
}

Result<void> DaxMemory::write(std::uint64_t offset, std::span<const std::byte> bytes) {
    if (auto checked = check_store(offset, bytes.size()); !checked) return checked;
    std::memcpy(base_ + offset, bytes.data(), bytes.size());
    return {};
}

Result<void> DaxMemory::zero(std::uint64_t offset, std::uint64_t length) {
    if (auto checked = check_store(offset, length); !checked) return checked;
    std::memset(base_ + offset, 0, length);
    return {};
}

Result<std::uint64_t> DaxMemory::copy_from(int source, std::uint64_t source_offset, std::uint64_t offset,
                                           std::uint64_t length) {
    if (auto checked = check_store(offset, length); !checked) return std::unexpected(checked.error());
    return read_at(source, range(offset, length), source_offset);
}

Result<void> DaxMemory::write_back(std::uint64_t offset, std::uint64_t length) {
    if (auto checked = check_range(offset, length); !checked) return checked;
    write_back_lines(range(offset, length));
    return {};
}

Result<void> DaxMemory::invalidate(std::uint64_t offset, std::uint64_t length) {
    if (auto checked = check_range(offset, length); !checked) return checked;
    invalidate_lines(range(offset, length));
    return {};
}

void DaxMemory::fence() {
    store_fence();
}

}  // namespace famfs::device
