#include "famfs-fused/fuse/server/server.h"

#include "famfs-fused/fuse/wire/passthrough.h"
#include "service/data/copy_path.h"
#include "service/data/extfile_path.h"
#include "service/data/iomap_path.h"
#include "service/data/yaml_path.h"

#include <cstring>

namespace famfs::fused {

std::unique_ptr<DataPath> Server::make_data_path(const ShadowRoot& shadow, const Devices& devices, Log& log) {
    if (path_ == DataPathKind::iomap) {
        auto maps = std::make_unique<MapServer>(devices, settings_.kernel_abi, log);
        maps_ = maps.get();
        extension_ = std::move(maps);
        return make_iomap_path(*maps_, log);
    }
    if (path_ == DataPathKind::extfile) {
        auto passthrough = std::make_unique<Passthrough>();
        Passthrough& registrar = *passthrough;
        extension_ = std::move(passthrough);
        return make_extfile_path(devices, registrar, log);
    }
    extension_ = std::make_unique<Extension>();
    if (path_ == DataPathKind::yaml) return make_yaml_path(shadow, log);
    return make_copy_path(devices, log);
}

// The kernel keeps 32 bits, in the handles of name_to_handle_at(2), too: so they are the same on every host.
std::uint64_t Server::generation_of(std::uint64_t node) const {
    if (Catalogue::is_provisional(node)) return settings_.generation;
    std::uint32_t pool = 0;
    const omf::Uuid file_system = service_->devices().file_system_uuid();
    std::memcpy(&pool, file_system.bytes.data(), sizeof pool);
    return pool;
}

Result<std::unique_ptr<Server>> Server::create(const Settings& settings, ShadowRoot shadow, Devices devices,
                                               DataPathKind kind, Log& log) {
    std::unique_ptr<Server> server(new Server(settings, kind));
    auto service = FileService::create(
        {.read_only = settings.read_only}, std::move(shadow), std::move(devices),
        [&](const ShadowRoot& tree, const Devices& opened) {
            return server->make_data_path(tree, opened, log);
        },
        log);
    if (!service) return std::unexpected(service.error());
    server->service_ = std::move(*service);
    return server;
}

}  // namespace famfs::fused
