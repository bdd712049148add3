#include "liblog/file_descriptor.h"
#include "liblog/file_io.h"
#include "liblog/pool/format.h"
#include "omf/bytes.h"

#include <blkid/blkid.h>
#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace famfs::pool {
namespace {

// Far enough for every file system whose superblock lies at the start.
constexpr std::uint64_t probed_bytes = 2 << 20;

struct FreeProbe {
    void operator()(blkid_struct_probe* probe) const { blkid_free_probe(probe); }
};
using Probe = std::unique_ptr<blkid_struct_probe, FreeProbe>;

// libblkid wants a descriptor, which a mapped device does not have: it gets a copy of the start.
Result<FileDescriptor> copy_of_start(device::Memory& memory) {
    std::vector<std::byte> start(std::min(memory.size(), probed_bytes));
    if (auto read = memory.read(0, start); !read) return std::unexpected(read.error());
    FileDescriptor file(::memfd_create("famfs-identify", MFD_CLOEXEC));
    if (!file) return fail_errno(errno, "memfd_create");
    if (auto written = write_at(file.get(), start, 0); !written) return std::unexpected(written.error());
    return file;
}

std::string value_of(blkid_probe probe, const char* name) {
    const char* value = nullptr;
    if (blkid_probe_lookup_value(probe, name, &value, nullptr) != 0) return {};
    return value;
}

Result<std::string> probe_type(int descriptor) {
    const Probe probe(blkid_new_probe());
    if (!probe || blkid_probe_set_device(probe.get(), descriptor, 0, 0) != 0)
        return fail_errno(ENOMEM, "libblkid");
    blkid_probe_enable_superblocks(probe.get(), 1);
    blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE);
    blkid_probe_enable_partitions(probe.get(), 1);
    const int found = blkid_do_safeprobe(probe.get());
    if (found == 1) return std::string();
    if (found == -2) return std::string("several file systems");
    if (found != 0) return fail_errno(EIO, "libblkid");
    std::string type = value_of(probe.get(), "TYPE");
    if (!type.empty()) return type;
    std::string table = value_of(probe.get(), "PTTYPE");
    return table.empty() ? table : table + " partition table";
}

}  // namespace

Result<std::string> identify(device::Memory& memory) {
    std::uint64_t magic = 0;
    if (memory.size() < sizeof(magic)) return std::string();
    if (auto read = memory.read(0, std::as_writable_bytes(std::span(&magic, 1))); !read)
        return std::unexpected(read.error());
    if (magic == omf::superblock_magic_number) return std::string("famfs");
    if (memory.descriptor() >= 0) return probe_type(memory.descriptor());
    auto copy = copy_of_start(memory);
    if (!copy) return std::unexpected(copy.error());
    return probe_type(copy->get());
}

}  // namespace famfs::pool
