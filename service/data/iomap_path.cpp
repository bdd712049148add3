#include "service/data/iomap_path.h"

#include <cerrno>

namespace famfs::service {

namespace {

class IomapPath final : public DataPath {
  public:
    IomapPath(const MapService& maps, Log& log) : maps_(maps), log_(log) {}

    std::string_view name() const override { return "iomap"; }
    bool kernel_has_devices() const override { return true; }
    Outcome<Opened> open(const Node& node) override;
    // The kernel has the map; it does not ask for bytes.
    Outcome<std::span<const Piece>> read(const Node&, std::uint64_t, std::size_t, Buffer&,
                                         std::size_t) override {
        return std::unexpected(EIO);
    }
    Outcome<void> write(const Node&, std::uint64_t, std::span<const std::byte>) override {
        return std::unexpected(EIO);
    }
    Outcome<void> sync(const Node&) override { return {}; }

  private:
    const MapService& maps_;
    Log& log_;
};

// What cannot be mapped is refused here, with a reason, before the kernel asks in vain.
Outcome<Opened> IomapPath::open(const Node& node) {
    const auto mapped = maps_.check(node);
    if (mapped) return Opened{};
    log_.about_file(path_of(node), "no map: " + mapped.error().message);
    return std::unexpected(mapped.error().code);
}

}  // namespace

std::unique_ptr<DataPath> make_iomap_path(const MapService& maps, Log& log) {
    return std::make_unique<IomapPath>(maps, log);
}

}  // namespace famfs::service
