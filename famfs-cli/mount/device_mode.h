// The mode of a dax device, while it is mounted and after.
#pragma once

#include "famfs-cli/ui/console.h"
#include "omf/error.h"

#include <cstdint>
#include <string>

namespace famfs::cli {

// kind busy if the device at `path` (absolute) is mounted in a way that leaves no room for another mount.
Result<void> check_room(const std::string& path);

// What `famfs mount` does to the mode of its device, decided first and done later, so that it can be recorded
// in between. Undone when destroyed, unless kept.
class ModeChange {
  public:
    // Which mode the data path `asked` for wants on the device at `path` (absolute); nothing to do for an
    // image. kind refused or unsupported if that path cannot work on this host, or not for a pool with this
    // allocation unit. With "auto" that is said, and the device is to be in devdax mode.
    static Result<ModeChange> plan(Console& console, const std::string& path, const std::string& asked,
                                   std::uint64_t allocation_unit);

    // The mode to give the device back in, for the mount's record; "" if it stays as it is.
    const std::string& before() const { return before_; }

    // Nobody may have the device open. With "auto" a device that cannot be changed now stays as it is, and
    // that is said.
    Result<void> apply();
    void keep() { done_ = false; }

    ModeChange(ModeChange&& other) noexcept;
    ModeChange& operator=(ModeChange&&) = delete;
    ~ModeChange();

  private:
    explicit ModeChange(Console& console) : console_(&console) {}

    Console* console_;
    std::string path_;
    std::string name_;  // "" for an image
    std::string wanted_;
    std::string before_;
    bool optional_ = false;
    bool done_ = false;
};

// Puts the device at `path` back into the mode `before`, or with "" into the one that was saved for it, if
// any. If it is still in use, that is noted, and the mode saved for the end of its next mount. After a daemon
// that was killed mappings may live on, of which the kernel tells nobody: then `orderly` is false.
void give_mode_back(Console& console, const std::string& path, const std::string& before,
                    bool orderly = true);

}  // namespace famfs::cli
