// A mount of nothing but .meta, for a device in fsdev mode that nobody has mounted: through it superblock and
// log can be read before there is a shadow tree.
#pragma once

#include "famfs-cli/mount/run_directory.h"
#include "omf/error.h"

#include <string>

namespace famfs::cli {

// Whether the device at `path` (absolute) can be read in no other way.
bool needs_meta_mount(const std::string& path);

// Whether the kernel has the device for some mount, one that nobody can see any more included. Pre: nothing
// of famfs uses the device.
bool is_held_by_kernel(const std::string& path);

// Unmounts when destroyed.
class MetaMount {
  public:
    // device::open_memory() finds it by itself. kind busy if the kernel has the device for something else.
    static Result<MetaMount> make(const std::string& path);
    MetaMount(MetaMount&& other) noexcept = default;
    MetaMount& operator=(MetaMount&&) = delete;
    ~MetaMount();

    // The device can be mounted again after that.
    Result<void> end();

  private:
    explicit MetaMount(RunDirectory run) : run_(std::move(run)) {}
    Result<void> serve(const std::string& path);
    Result<void> show_log(const std::string& path);

    std::optional<RunDirectory> run_;
};

}  // namespace famfs::cli
