#include "famfs-fused/fuse/maps/map_server.h"

#include "famfs-fused/fuse/maps/file_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

namespace famfs::fused {

namespace {

// What a sized request carries: the kernel's buffer.
struct SizedArgument {
    std::uint32_t size = 0;
    std::uint32_t reserved = 0;
};
static_assert(sizeof(SizedArgument) == 8);

MapSource source_of(const Node& node) {
    MapSource source{.size = node.size, .layout = node.layout()};
    const std::string place = path_of(node);
    if (place == ".meta/.superblock") source.type = MapFileType::superblock;
    if (place == ".meta/.log") source.type = MapFileType::log;
    return source;
}

// Those of the table's that decide anything.
std::vector<std::string_view> symbols_of_kernel(AbiChoice choice) {
    std::vector<std::string_view> found;
    if (choice != AbiChoice::automatic) return found;
    for (const KernelAbi& abi : kernel_abis())
        if (!abi.symbol.empty() && kernel_has_symbol(abi.symbol)) found.push_back(abi.symbol);
    return found;
}

}  // namespace

MapServer::MapServer(const Devices& devices, AbiChoice choice, Log& log)
    : devices_(devices), choice_(choice), log_(log), symbols_(symbols_of_kernel(choice)) {}

InitAnswer MapServer::answer_init(const InitOffer& offer) {
    const auto is_known = [this](std::string_view symbol) {
        return std::ranges::find(symbols_, symbol) != symbols_.end();
    };
    Detection detection = detect_kernel_abi(choice_, offer, is_known);
    abi_ = detection.abi;
    const std::lock_guard guard(mutex_);
    reason_ = detection.reason;
    if (detection.abi == nullptr) return {.note = "file maps: none: " + detection.reason};
    return {.flags = detection.abi->init_flag,
            .note = fmt::format("file maps: {}: {}", detection.abi->name, detection.reason)};
}

Result<void> MapServer::ready() const {
    if (abi() != nullptr) return {};
    const std::lock_guard guard(mutex_);
    return fail(ErrorKind::unsupported, EOPNOTSUPP,
                "data path iomap: this kernel takes no file maps: " + reason_);
}

Result<void> MapServer::check(const Node& node) const {
    const KernelAbi* abi = abi_;
    if (abi == nullptr) return fail(ErrorKind::unsupported, EOPNOTSUPP, "this kernel takes no file maps");
    const auto size = map_bytes(*abi, source_of(node));
    if (!size) return std::unexpected(size.error());
    return {};
}

Outcome<std::vector<std::byte>> MapServer::map_of(const Node& node,
                                                  std::span<const std::byte> argument) const {
    const KernelAbi* abi = abi_;
    if (abi == nullptr) return std::unexpected(ENOSYS);
    std::size_t room = abi->max_map;
    if (argument.size() != (abi->sized_requests ? sizeof(SizedArgument) : 0)) return std::unexpected(EINVAL);
    if (abi->sized_requests) {
        SizedArgument sized;
        std::memcpy(&sized, argument.data(), sizeof sized);
        if (sized.size < map_header_bytes) return std::unexpected(EINVAL);
        room = sized.size;
    }
    auto map = encode_map(*abi, source_of(node), room);
    if (map) return std::move(*map);
    log_.about_file(path_of(node), "no map: " + map.error().message);
    return std::unexpected(map.error().code);
}

Outcome<std::vector<std::byte>> MapServer::device(std::uint64_t index) const {
    const KernelAbi* abi = abi_;
    if (abi == nullptr || abi->get_device == 0) return std::unexpected(ENOSYS);
    const auto& known = devices_.table().devices();
    if (index >= abi->devices || index >= known.size()) return std::unexpected(ENODEV);
    auto reply = encode_device(index, known[index].path);
    if (reply) return std::move(*reply);
    log_.error("{}", reply.error().message);
    return std::unexpected(reply.error().code);
}

}  // namespace famfs::fused
