// From a path that a person typed to the pool it lies in and its path there.
#pragma once

#include "liblog/mounts.h"
#include "liblog/pool/pool.h"
#include "omf/error.h"
#include "omf/uuid.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace famfs::cli {

// A pool that is mounted, as its mount describes it.
struct MountedPool {
    Mount mount;
    std::string device;     // the mount's source
    std::string shadow;     // DIR of the shadow tree
    std::string data_path;  // "copy", "yaml", …
    pool::Served served;    // as far as the daemon reaches the bytes by itself
    std::string gone{};     // why the pool is not there any more, if the daemon has seen it

    // Refused, EROFS, if the mount is read-only.
    Result<void> check_writable() const;
    // Refused, ESTALE, if an open file (O_PATH will do) lies in another mount; `path` is for the message.
    Result<void> check_inside(int descriptor, const std::string& path) const;
};

// What the mount with this mount point says about itself. The mount must be one of ours and trusted.
Result<MountedPool> ask_mount(const Mount& mount);

struct MountedPath {
    std::shared_ptr<const MountedPool> pool;
    std::string path;  // in the pool, as the log has it; "" for the mount root
};

// A directory or file of a famfs mount, as the system's table of mounts tells it: the daemon is not asked,
// and nobody need be trusted.
struct FamfsPlace {
    std::string device;  // the mount's source
    std::string path;    // in the pool; "" for its root
};

// Resolves many paths with few system calls: the parents are remembered. The mounts are those of the moment
// it was made. Not thread safe.
class PathResolver {
  public:
    static Result<PathResolver> make();

    // A path that may exist or not: what counts is its deepest parent that exists. Usage error if that is in
    // no famfs mount.
    Result<MountedPath> resolve(const std::string& path);

    // The same for a path that names something which may itself be a mount point.
    Result<MountedPath> resolve_existing(const std::string& path);

    // Where something that is open lies, if that is in a famfs mount. However it was come by: bind mounts and
    // symlinks lead to the same place.
    std::optional<FamfsPlace> place_of(int file) const;

  private:
    explicit PathResolver(std::vector<Mount> mounts) : mounts_(std::move(mounts)) {}

    // Of an absolute path without symlinks in the mount with this id: the mount, and the path in its pool.
    using InMount = std::pair<const Mount*, std::string>;
    std::optional<InMount> find_in_mount(std::uint64_t id, const std::string& absolute) const;

    Result<MountedPath> directory(const std::string& path);
    Result<MountedPath> locate(const std::string& path);
    Result<std::shared_ptr<const MountedPool>> pool(const Mount& mount);

    std::vector<Mount> mounts_;
    std::unordered_map<std::string, MountedPath> directories_;
    std::unordered_map<std::uint64_t, std::shared_ptr<const MountedPool>> pools_;  // by mount id
};

// Resolves every path; all must lie in one mount (usage error otherwise). Pre: paths is not empty.
Result<std::vector<MountedPath>> resolve_all(const std::vector<std::string>& paths);

}  // namespace famfs::cli
