#include "liblog/device/mode_hold.h"

#include "liblog/device/dax_device.h"
#include "liblog/lock_wait.h"

#include <fcntl.h>
#include <sys/file.h>

namespace famfs::device {
namespace {

Result<FileDescriptor> open_directory(const std::string& name, const DaxSystem& system) {
    const std::string path = dax_device_file(name, "", system);
    FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return fail_errno(errno, path);
    return directory;
}

}  // namespace

Result<ModeHold> ModeHold::acquire(const std::string& path, dev_t number) {
    const auto name = dax_name(path, number);
    if (!name) return std::unexpected(name.error());
    auto directory = open_directory(*name, host_system());
    if (!directory) return std::unexpected(directory.error());
    if (auto locked = wait_for_flock(directory->get(), LOCK_SH, path); !locked)
        return std::unexpected(locked.error());
    return ModeHold(std::move(*directory));
}

Result<std::optional<ModeHold>> ModeHold::try_alone(const std::string& name, const DaxSystem& system) {
    auto directory = open_directory(name, system);
    if (!directory) return std::unexpected(directory.error());
    if (::flock(directory->get(), LOCK_EX | LOCK_NB) == 0)
        return std::optional(ModeHold(std::move(*directory)));
    if (errno == EWOULDBLOCK) return std::nullopt;
    return fail_errno(errno, "/dev/" + name + ": lock");
}

}  // namespace famfs::device
