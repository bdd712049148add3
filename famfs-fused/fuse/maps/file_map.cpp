#include "famfs-fused/fuse/maps/file_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

namespace famfs::fused {

namespace {

constexpr std::uint16_t map_version = 1;
constexpr std::uint32_t simple_type = 0;
constexpr std::uint32_t interleaved_type = 1;

struct MapHeader {
    std::uint8_t file_type = 0;
    std::uint8_t reserved = 0;
    std::uint16_t version = map_version;
    std::uint32_t extent_type = simple_type;
    std::uint32_t extents = 0;
    std::uint32_t total_bytes = 0;
    std::uint64_t file_size = 0;
    std::uint64_t reserved2 = 0;
};
static_assert(sizeof(MapHeader) == map_header_bytes);
static_assert(offsetof(MapHeader, total_bytes) == 12 && offsetof(MapHeader, file_size) == 16);

struct SimpleExtent {
    std::uint32_t device = 0;
    std::uint32_t reserved = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
static_assert(sizeof(SimpleExtent) == 24 && offsetof(SimpleExtent, length) == 16);

struct InterleavedExtent {
    std::uint32_t strips = 0;
    std::uint32_t chunk_size = 0;
    std::uint64_t bytes = 0;
    std::uint64_t reserved = 0;
};
static_assert(sizeof(InterleavedExtent) == 24 && offsetof(InterleavedExtent, bytes) == 8);

struct DeviceReply {
    std::uint16_t index = 0;
    std::uint16_t reserved = 0;
    std::uint32_t reserved2 = 0;
    std::uint64_t reserved3 = 0;
    std::uint64_t reserved4 = 0;
    char path[256]{};
};
static_assert(sizeof(DeviceReply) == device_reply_bytes && offsetof(DeviceReply, path) == 24);

bool is_unrolled(const KernelAbi& abi, const omf::LayoutView& layout) {
    return layout.striped() && !abi.stripes;
}

// One extent a chunk, as many as the size takes; a kernel wants one at least.
std::uint64_t chunks_of(const MapSource& source) {
    const std::uint64_t chunk = source.layout.chunk_size;
    return std::max<std::uint64_t>(1, source.size / chunk + (source.size % chunk != 0 ? 1 : 0));
}

std::uint64_t extents_of(const KernelAbi& abi, const MapSource& source) {
    return is_unrolled(abi, source.layout) ? chunks_of(source) : source.layout.extents.size();
}

std::unexpected<Error> cannot(int code, const std::string& why) {
    return fail(ErrorKind::unsupported, code, why);
}

Result<void> check_extent(const KernelAbi& abi, const omf::Extent& extent, std::size_t item) {
    if (extent.device >= abi.devices) {
        return cannot(ENXIO,
                      fmt::format("extent {}: device {}, this kernel (maps {}) takes device {} at most", item,
                                  extent.device, abi.name, abi.devices - 1));
    }
    for (const std::uint64_t value : {extent.offset, extent.length}) {
        if (value % abi.alignment != 0) {
            return cannot(EINVAL,
                          fmt::format("extent {}: {:#x} is not a multiple of {:#x}, which this kernel "
                                      "(maps {}) needs",
                                      item, value, abi.alignment, abi.name));
        }
    }
    return {};
}

Result<void> check_chunk(const KernelAbi& abi, std::uint64_t chunk) {
    if (chunk % abi.alignment != 0) {
        return cannot(EINVAL,
                      fmt::format("chunk size {:#x} is not a multiple of {:#x}, which this kernel (maps {}) "
                                  "needs",
                                  chunk, abi.alignment, abi.name));
    }
    if (abi.stripes && chunk > std::numeric_limits<std::uint32_t>::max())
        return cannot(EINVAL, fmt::format("chunk size {:#x} is over 32 bits", chunk));
    return {};
}

// Appends a struct as it lies in memory: the wire is in host order.
class Message {
  public:
    explicit Message(std::size_t size) { bytes_.reserve(size); }

    template <typename T>
    void append(const T& value) {
        const auto raw = std::as_bytes(std::span(&value, 1));
        bytes_.insert(bytes_.end(), raw.begin(), raw.end());
    }
    void append(const omf::Extent& extent) {
        append(SimpleExtent{.device = static_cast<std::uint32_t>(extent.device),
                            .offset = extent.offset,
                            .length = extent.length});
    }
    std::vector<std::byte> take() { return std::move(bytes_); }

  private:
    std::vector<std::byte> bytes_;
};

void append_extents(Message& message, const KernelAbi& abi, const MapSource& source) {
    const omf::LayoutView& layout = source.layout;
    if (is_unrolled(abi, layout)) {
        for (std::uint64_t chunk = 0; chunk < chunks_of(source); ++chunk)
            message.append(layout.run_at(chunk * layout.chunk_size));
        return;
    }
    if (layout.striped()) {
        // A kernel refuses 0 bytes here, even of an empty file.
        message.append(InterleavedExtent{.strips = static_cast<std::uint32_t>(layout.extents.size()),
                                         .chunk_size = static_cast<std::uint32_t>(layout.chunk_size),
                                         .bytes = source.size != 0 ? source.size : layout.capacity()});
    }
    for (const omf::Extent& extent : layout.extents)
        message.append(extent);
}

}  // namespace

Result<std::size_t> map_bytes(const KernelAbi& abi, const MapSource& source) {
    const omf::LayoutView& layout = source.layout;
    for (std::size_t item = 0; item < layout.extents.size(); ++item) {
        if (auto checked = check_extent(abi, layout.extents[item], item); !checked)
            return std::unexpected(checked.error());
    }
    if (layout.striped()) {
        if (auto checked = check_chunk(abi, layout.chunk_size); !checked)
            return std::unexpected(checked.error());
    }
    const std::uint64_t count = extents_of(abi, source);
    const bool interleaved = layout.striped() && abi.stripes;
    const std::size_t fixed = sizeof(MapHeader) + (interleaved ? sizeof(InterleavedExtent) : 0);
    const std::uint64_t most =
        std::min<std::uint64_t>(abi.max_extents, (abi.max_map - fixed) / sizeof(SimpleExtent));
    if (count == 0 || count > most) {
        return cannot(E2BIG,
                      fmt::format("{} extents, this kernel (maps {}) takes 1 to {}", count, abi.name, most));
    }
    return fixed + count * sizeof(SimpleExtent);
}

Result<std::vector<std::byte>> encode_map(const KernelAbi& abi, const MapSource& source, std::size_t room) {
    const auto total = map_bytes(abi, source);
    if (!total) return std::unexpected(total.error());
    const bool interleaved = source.layout.striped() && abi.stripes;
    const bool whole = *total <= room;
    Message message(whole ? *total : sizeof(MapHeader));
    message.append(MapHeader{.file_type = static_cast<std::uint8_t>(source.type),
                             .extent_type = interleaved ? interleaved_type : simple_type,
                             .extents = interleaved ? 1 : static_cast<std::uint32_t>(extents_of(abi, source)),
                             .total_bytes = static_cast<std::uint32_t>(*total),
                             .file_size = source.size});
    if (whole) append_extents(message, abi, source);
    return message.take();
}

Result<std::vector<std::byte>> encode_device(std::uint64_t index, std::string_view path) {
    DeviceReply reply;
    if (path.size() >= sizeof reply.path) {
        return fail(ErrorKind::unsupported, ENAMETOOLONG,
                    fmt::format("device {}: its path has {} bytes, the kernel takes {}", index, path.size(),
                                sizeof reply.path - 1));
    }
    reply.index = static_cast<std::uint16_t>(index);
    std::ranges::copy(path, reply.path);
    Message message(sizeof reply);
    message.append(reply);
    return message.take();
}

}  // namespace famfs::fused
