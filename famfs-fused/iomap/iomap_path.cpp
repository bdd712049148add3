#include "famfs-fused/iomap/iomap_path.h"

#include "famfs-fused/iomap/file_map.h"
#include "famfs-fused/iomap/map_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
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

class IomapPath final : public DataPath, public MapService {
  public:
    IomapPath(const Devices& devices, AbiChoice choice, Log& log)
        : devices_(devices), choice_(choice), log_(log), symbols_(symbols_of_kernel(choice)) {}

    std::string_view name() const override { return "iomap"; }
    MapService* maps() override { return this; }
    InitAnswer answer_init(const InitOffer& offer) override;
    Result<void> ready() const override;
    Outcome<Opened> open(const Node& node) override;
    // The kernel has the map; it does not ask for bytes.
    Outcome<std::span<const Piece>> read(const Node&, std::uint64_t, std::size_t, Buffer&) override {
        return std::unexpected(EIO);
    }
    Outcome<void> write(const Node&, std::uint64_t, std::span<const std::byte>) override {
        return std::unexpected(EIO);
    }
    Outcome<void> sync(const Node&) override { return {}; }

    const KernelAbi* abi() const override { return abi_; }
    Outcome<std::vector<std::byte>> map_of(const Node& node, std::span<const std::byte> argument) override;
    Outcome<std::vector<std::byte>> device(std::uint64_t index) override;

  private:
    int refuse(const Node& node, const Error& error) const {
        log_.about_file(path_of(node), "no map: " + error.message);
        return error.code;
    }

    const Devices& devices_;
    const AbiChoice choice_;
    Log& log_;
    const std::vector<std::string_view> symbols_;  // of the running kernel, looked up while files can be seen
    std::atomic<const KernelAbi*> abi_ = nullptr;
    mutable std::mutex mutex_;
    std::string reason_ = "the kernel has not answered";
};

InitAnswer IomapPath::answer_init(const InitOffer& offer) {
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

Result<void> IomapPath::ready() const {
    if (abi() != nullptr) return {};
    const std::lock_guard guard(mutex_);
    return fail(ErrorKind::unsupported, EOPNOTSUPP,
                "data path iomap: this kernel takes no file maps: " + reason_);
}

// What cannot be mapped is refused here, with a reason, before the kernel asks in vain.
Outcome<Opened> IomapPath::open(const Node& node) {
    const KernelAbi* abi = abi_;
    if (abi == nullptr) return std::unexpected(EOPNOTSUPP);
    const auto size = map_bytes(*abi, source_of(node));
    if (!size) return std::unexpected(refuse(node, size.error()));
    return Opened{};
}

Outcome<std::vector<std::byte>> IomapPath::map_of(const Node& node, std::span<const std::byte> argument) {
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
    if (!map) return std::unexpected(refuse(node, map.error()));
    return std::move(*map);
}

Outcome<std::vector<std::byte>> IomapPath::device(std::uint64_t index) {
    const KernelAbi* abi = abi_;
    if (abi == nullptr || abi->get_device == 0) return std::unexpected(ENOSYS);
    const auto& known = devices_.table().devices();
    if (index >= abi->devices || index >= known.size()) return std::unexpected(ENODEV);
    auto reply = encode_device(index, known[index].path);
    if (reply) return std::move(*reply);
    log_.error("{}", reply.error().message);
    return std::unexpected(reply.error().code);
}

}  // namespace

std::unique_ptr<DataPath> make_iomap_path(const Devices& devices, AbiChoice choice, Log& log) {
    return std::make_unique<IomapPath>(devices, choice, log);
}

}  // namespace famfs::fused
