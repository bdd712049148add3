#include "famfs-cli/mount/further_devices.h"

#include "liblog/device/dax_device.h"
#include "liblog/pool/pool.h"
#include "omf/path.h"

#include <fmt/format.h>

#include <algorithm>

namespace famfs::cli {
namespace {

// What the log names and is not found yet.
class Wanted {
  public:
    Wanted(const omf::Uuid& file_system, std::span<const omf::DaxDevice> devices)
        : file_system_(file_system) {
        for (const omf::DaxDevice& device : devices)
            if (device.index != 0) uuids_.push_back(device.uuid);
    }

    bool empty() const { return uuids_.empty(); }

    // Whether the superblock at this path is that of a wanted device, which is not wanted any more then.
    Result<bool> take(const std::string& path) {
        const auto memory = device::open_memory(path, device::Access::read_only);
        if (!memory) return std::unexpected(memory.error());
        const auto shown = pool::read_superblock(**memory);
        if (!shown) return std::unexpected(shown.error());
        return shown->file_system == file_system_ && std::erase(uuids_, shown->device) > 0;
    }

  private:
    omf::Uuid file_system_;
    std::vector<omf::Uuid> uuids_;
};

}  // namespace

Result<std::vector<std::string>> find_further_devices(const omf::Uuid& file_system,
                                                      std::span<const omf::DaxDevice> devices,
                                                      std::span<const std::string> given) {
    Wanted wanted(file_system, devices);
    std::vector<std::string> found;
    for (const std::string& path : given) {
        const auto taken = wanted.take(path);
        if (!taken) return std::unexpected(taken.error());
        if (!*taken)
            return fail(ErrorKind::refused, ENODEV,
                        omf::printable(path) + ": is not a further device of this pool");
        auto resolved = device::resolve_device_path(path);
        if (!resolved) return std::unexpected(resolved.error());
        found.push_back(std::move(*resolved));
    }
    if (wanted.empty()) return found;
    const auto all = device::list_dax_devices();
    if (!all) return found;
    for (const device::DaxDevice& each : *all) {
        const std::string path = "/dev/" + each.name;
        if (wanted.take(path).value_or(false)) found.push_back(path);
    }
    return found;
}

}  // namespace famfs::cli
