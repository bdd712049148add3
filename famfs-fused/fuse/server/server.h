// One mount: the file service, and what FUSE adds to it.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "famfs-fused/fuse/maps/map_server.h"
#include "famfs-fused/fuse/server/settings.h"
#include "famfs-fused/fuse/wire/extension.h"
#include "famfs-fused/fuse/wire/reply.h"
#include "famfs-fused/fuse/wire/request_counters.h"
#include "service/data/buffer_pool.h"
#include "service/data/data_path_kind.h"
#include "service/files/file_service.h"

#include <memory>

namespace famfs::fused {

// Thread safe, as each member is.
class Server {
  public:
    // `devices` may be empty for data path yaml. `log` must outlive it.
    static Result<std::unique_ptr<Server>> create(const Settings& settings, ShadowRoot shadow,
                                                  Devices devices, DataPathKind kind, Log& log);

    const Settings& settings() const { return settings_; }
    DataPathKind path() const { return path_; }
    FileService& service() const { return *service_; }
    Extension& extension() const { return *extension_; }
    // The extension, if it answers questions for maps; else nullptr.
    const MapServer* maps() const { return maps_; }
    Log& log() const { return service_->log(); }
    // Tells files apart that have the same node id: another pool's, or a provisional one of another daemon.
    std::uint64_t generation_of(std::uint64_t node) const;

    BufferPool buffers;
    PipePool pipes;
    RequestCounters requests;

  private:
    Server(const Settings& settings, DataPathKind kind) : settings_(settings), path_(kind) {}

    std::unique_ptr<DataPath> make_data_path(const ShadowRoot& shadow, const Devices& devices, Log& log);

    const Settings settings_;
    const DataPathKind path_;
    std::unique_ptr<Extension> extension_;  // before the service, whose data path refers to it
    MapServer* maps_ = nullptr;
    std::unique_ptr<FileService> service_;
};

}  // namespace famfs::fused
