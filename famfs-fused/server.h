// One mount's whole state: what every operation works on.
#pragma once

#include "famfs-fused/catalogue/catalogue.h"
#include "famfs-fused/catalogue/resolver.h"
#include "famfs-fused/data/buffer_pool.h"
#include "famfs-fused/data/choose.h"
#include "famfs-fused/data/data_path.h"
#include "famfs-fused/data/devices.h"
#include "famfs-fused/data/pool_watch.h"
#include "famfs-fused/log.h"
#include "famfs-fused/request_counters.h"
#include "famfs-fused/settings.h"
#include "famfs-fused/shadow/statfs_cache.h"
#include "famfs-fused/shadow/open_directories.h"
#include "famfs-fused/shadow/root.h"

#include <memory>

namespace famfs::fused {

// Members stand in the order in which they need each other. Thread safe, as each of them is.
class Server {
  public:
    // `devices` may be empty for data path yaml. `messages` must outlive it.
    static Result<std::unique_ptr<Server>> create(const Settings& asked, ShadowRoot tree, Devices pool,
                                                  DataPathKind kind, Log& messages);

    const Settings settings;
    Log& log;
    const ShadowRoot shadow;
    const Devices devices;
    const famfs::shadow::DocumentContext context;
    PoolWatch pool;
    const DataPathKind path;
    const std::unique_ptr<DataPath> data;
    Catalogue catalogue;
    const Resolver resolver;
    StatfsCache statfs_cache;
    OpenDirectories directories;
    BufferPool buffers;
    RequestCounters requests;

  private:
    Server(const Settings& asked, ShadowRoot tree, Devices opened, DataPathKind kind, Node root,
           Log& messages);
};

}  // namespace famfs::fused
