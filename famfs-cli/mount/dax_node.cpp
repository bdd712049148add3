#include "famfs-cli/mount/dax_node.h"

#include "liblog/device/dax_device.h"

#include <sys/stat.h>

namespace famfs::cli {

std::string dax_name_at(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISCHR(status.st_mode)) return {};
    return device::dax_name(path, status.st_rdev).value_or("");
}

bool is_in_fsdev_mode(const std::string& path) {
    const std::string name = dax_name_at(path);
    return !name.empty() && device::dax_mode(name) == device::DaxMode::fsdev;
}

}  // namespace famfs::cli
