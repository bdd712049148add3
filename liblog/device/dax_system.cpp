#include "liblog/device/dax_system.h"

#include "liblog/file_descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace famfs::device {

std::string DaxSystem::driver_file(std::string_view driver, std::string_view file) const {
    return at(fmt::format("/sys/bus/dax/drivers/{}/{}", driver, file));
}

Result<void> DaxSystem::tell(std::string_view driver, std::string_view file, const std::string& name) const {
    const std::string path = driver_file(driver, file);
    const FileDescriptor descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (descriptor && ::write(descriptor.get(), name.data(), name.size()) >= 0) return {};
    return fail_errno(errno, path);
}

const DaxSystem& host_system() {
    static const DaxSystem host;
    return host;
}

}  // namespace famfs::device
