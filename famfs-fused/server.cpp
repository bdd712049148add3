#include "famfs-fused/server.h"

namespace famfs::fused {

namespace {

std::uint64_t first_device_bytes(const Devices& devices) {
    return devices.memories().empty() ? 0 : devices.memories().front()->size();
}

// The devices' memories are there as far as this process has them: with iomap the kernel has them alone, and
// with yaml there are none.
omf::Uuid file_system_of(const Devices& devices) {
    return devices.memories().empty() ? omf::Uuid{} : devices.table().file_system;
}

}  // namespace

Server::Server(const Settings& asked, ShadowRoot tree, Devices opened, DataPathKind kind, Node root,
               Log& messages)
    : settings(asked),
      log(messages),
      shadow(std::move(tree)),
      devices(std::move(opened)),
      context(devices.context()),
      pool(devices.memories(), file_system_of(devices), log),
      path(kind),
      data(make_data_path(kind, shadow, devices, settings.kernel_abi, log)),
      catalogue(std::move(root)),
      resolver(shadow, catalogue, log, data->shows_documents() ? nullptr : &context),
      statfs_cache(shadow, log, first_device_bytes(devices)) {}

Result<std::unique_ptr<Server>> Server::create(const Settings& asked, ShadowRoot tree, Devices pool,
                                               DataPathKind kind, Log& messages) {
    auto root = Resolver::root(tree);
    if (!root) return std::unexpected(root.error());
    return std::unique_ptr<Server>(
        new Server(asked, std::move(tree), std::move(pool), kind, std::move(*root), messages));
}

}  // namespace famfs::fused
