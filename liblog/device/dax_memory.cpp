#include "liblog/device/dax_memory.h"

#include <sys/mman.h>

namespace famfs::device {

Result<std::unique_ptr<Memory>> DaxMemory::adopt(FileDescriptor node, const std::string& path,
                                                 const DaxDevice& device, ModeHold hold, Access access) {
    const bool writable = access == Access::read_write;
    const int protection = PROT_READ | (writable ? PROT_WRITE : 0);
    void* base = ::mmap(nullptr, device.size, protection, MAP_SHARED, node.get(), 0);
    if (base == MAP_FAILED) return fail_errno(errno, path + ": mmap");
    return std::unique_ptr<Memory>(new DaxMemory(
        std::move(node), {path, Kind::devdax, device.size, device.uuid, node_identity(device.number)},
        std::move(hold), static_cast<std::byte*>(base), writable));
}

DaxMemory::~DaxMemory() {
    ::munmap(base_, size());
}

}  // namespace famfs::device
