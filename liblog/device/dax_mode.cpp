#include "liblog/device/dax_mode.h"

#include "liblog/device/dax_users.h"
#include "liblog/device/mode_hold.h"
#include "liblog/file_descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace famfs::device {
namespace {

constexpr const char* devdax_driver = "device_dax";
constexpr const char* fsdev_driver = "fsdev_dax";

std::string driver_file(const char* driver, const char* file) {
    return fmt::format("/sys/bus/dax/drivers/{}/{}", driver, file);
}

// Writes a device's name to one of the driver's files.
Result<void> tell(const char* driver, const char* file, const std::string& name) {
    const std::string path = driver_file(driver, file);
    const FileDescriptor descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (descriptor && ::write(descriptor.get(), name.data(), name.size()) >= 0) return {};
    return fail_errno(errno, path);
}

// A driver takes a device whose name it was told; new_id tells it and binds, bind does where it knew.
Result<void> bind(const char* driver, const std::string& name, DaxMode mode) {
    auto told = tell(driver, "new_id", name);
    if (dax_mode(name) == mode) return {};
    if (auto bound = tell(driver, "bind", name); !bound && told) told = bound;
    if (dax_mode(name) == mode) return {};
    return told ? fail(ErrorKind::io, ENODEV,
                       fmt::format("{}: the driver {} does not take the device", name, driver))
                : told;
}

Result<void> to_fsdev(const std::string& name, DaxMode now) {
    if (now == DaxMode::devdax)
        if (auto released = tell(devdax_driver, "unbind", name); !released) return released;
    auto bound = bind(fsdev_driver, name, DaxMode::fsdev);
    if (bound) return {};
    static_cast<void>(tell(fsdev_driver, "remove_id", name));
    if (now == DaxMode::devdax) static_cast<void>(bind(devdax_driver, name, now));
    return bound;
}

Result<void> to_devdax(const std::string& name, DaxMode now) {
    if (now == DaxMode::fsdev) {
        if (auto released = tell(fsdev_driver, "unbind", name); !released) return released;
        // As long as that driver knows the name, it would take the device again.
        static_cast<void>(tell(fsdev_driver, "remove_id", name));
    }
    auto bound = bind(devdax_driver, name, DaxMode::devdax);
    if (!bound && now == DaxMode::fsdev) static_cast<void>(bind(fsdev_driver, name, now));
    return bound;
}

std::unexpected<Error> in_use(const std::string& name, const std::string& how) {
    return fail(ErrorKind::busy, EBUSY, fmt::format("/dev/{}: its mode cannot be changed: {}", name, how));
}

// Its driver would be taken from under those who use it.
Result<void> check_unused(const std::string& name, DaxMode now) {
    const std::string path = "/dev/" + name;
    if (now == DaxMode::devdax) {
        struct stat node{};
        if (::stat(path.c_str(), &node) != 0) return fail_errno(errno, path);
        const auto users = node_users(node.st_rdev);
        if (!users.empty()) return in_use(name, fmt::format("process {} has it open", users.front()));
    }
    if (const auto leaving = leaving_device())
        return in_use(name,
                      *leaving +
                          " is being unbound, waits for pages of its files that are in a pipe or in I/O "
                          "under way, and keeps every dax device from changing its mode");
    const auto extents = extent_use(name);
    if (!extents) return {};
    if (extents->claimed > extents->pinned) return in_use(name, "processes have files of it open or mapped");
    if (extents->pinned > 0)
        return in_use(name, "pages of its files are in a pipe or in I/O under way, which a process keeps");
    return in_use(name, "a process has attached it");
}

Result<void> check_wanted(const std::string& name, DaxMode wanted) {
    if (wanted != DaxMode::fsdev || ::access(driver_file(fsdev_driver, "new_id").c_str(), F_OK) == 0)
        return {};
    return fail(ErrorKind::unsupported, EOPNOTSUPP,
                fmt::format("/dev/{}: this kernel has no fsdev_dax driver (Linux 7.1, CONFIG_DEV_DAX_FSDEV); "
                            "modprobe fsdev_dax",
                            name));
}

}  // namespace

Result<void> set_dax_mode(const std::string& name, DaxMode wanted) {
    if (dax_mode(name) == wanted) return {};  // whoever uses it
    const auto alone = ModeHold::try_alone(name);
    if (!alone) return std::unexpected(alone.error());
    if (!*alone) return in_use(name, "it is mounted, or a famfs program reads or writes it");
    const DaxMode now = dax_mode(name);
    if (now == wanted) return {};
    if (now == DaxMode::system_ram)
        return fail(
            ErrorKind::refused, EBUSY,
            fmt::format("/dev/{0} is in system-ram mode; daxctl reconfigure-device --mode=devdax {0}", name));
    if (auto checked = check_wanted(name, wanted); !checked) return checked;
    if (auto checked = check_unused(name, now); !checked) return checked;
    return wanted == DaxMode::fsdev ? to_fsdev(name, now) : to_devdax(name, now);
}

}  // namespace famfs::device
