#include "liblog/device/dax_mode.h"

#include "liblog/device/dax_users.h"
#include "liblog/device/mode_hold.h"

#include <fmt/format.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>

namespace famfs::device {
namespace {

constexpr const char* devdax_driver = "device_dax";
constexpr const char* fsdev_driver = "fsdev_dax";

// One change of one device's mode.
class Change {
  public:
    Change(const DaxSystem& system, const std::string& name) : system_(system), name_(name) {}

    // Both give the device its old driver back if the new one does not take it.
    Result<void> to_fsdev(DaxMode now) const;
    Result<void> to_devdax(DaxMode now) const;

  private:
    Result<void> tell(const char* driver, const char* file) const {
        return system_.tell(driver, file, name_);
    }
    bool is_in(DaxMode mode) const { return dax_mode(name_, system_) == mode; }
    Result<void> bind(const char* driver, DaxMode mode) const;

    const DaxSystem& system_;
    const std::string& name_;
};

// A driver takes a device whose name it was told; new_id tells it and binds, bind does where it knew.
Result<void> Change::bind(const char* driver, DaxMode mode) const {
    auto told = tell(driver, "new_id");
    if (is_in(mode)) return {};
    if (auto bound = tell(driver, "bind"); !bound && told) told = bound;
    if (is_in(mode)) return {};
    return told ? fail(ErrorKind::io, ENODEV,
                       fmt::format("{}: the driver {} does not take the device", name_, driver))
                : told;
}

Result<void> Change::to_fsdev(DaxMode now) const {
    if (now == DaxMode::devdax)
        if (auto released = tell(devdax_driver, "unbind"); !released) return released;
    auto bound = bind(fsdev_driver, DaxMode::fsdev);
    if (bound) return {};
    static_cast<void>(tell(fsdev_driver, "remove_id"));
    if (now == DaxMode::devdax) static_cast<void>(bind(devdax_driver, now));
    return bound;
}

Result<void> Change::to_devdax(DaxMode now) const {
    if (now == DaxMode::fsdev) {
        if (auto released = tell(fsdev_driver, "unbind"); !released) return released;
        // As long as that driver knows the name, it would take the device again.
        static_cast<void>(tell(fsdev_driver, "remove_id"));
    }
    auto bound = bind(devdax_driver, DaxMode::devdax);
    if (!bound && now == DaxMode::fsdev) static_cast<void>(bind(fsdev_driver, now));
    return bound;
}

std::unexpected<Error> in_use(const std::string& name, const std::string& how) {
    return fail(ErrorKind::busy, EBUSY, fmt::format("/dev/{}: its mode cannot be changed: {}", name, how));
}

// The number of the device's node, from sysfs: udev may not have made the node yet.
Result<dev_t> node_number(const std::string& name, const DaxSystem& system) {
    const std::string path = dax_device_file(name, "dev", system);
    unsigned major = 0, minor = 0;
    char colon = 0;
    if (std::ifstream(path) >> major >> colon >> minor && colon == ':') return makedev(major, minor);
    return fail(ErrorKind::io, ENODEV, path + " names no device");
}

// The node is open or mapped.
Result<void> check_node_unused(const std::string& name, const DaxSystem& system) {
    const auto number = node_number(name, system);
    if (!number) return std::unexpected(number.error());
    const auto users = node_users(*number, system);
    if (users.empty()) return {};
    return in_use(name, fmt::format("process {} has it open", users.front()));
}

// Its driver would be taken from under those who use it.
Result<void> check_unused(const std::string& name, DaxMode now, const DaxSystem& system) {
    if (now == DaxMode::devdax)
        if (auto checked = check_node_unused(name, system); !checked) return checked;
    if (const auto leaving = leaving_device(system))
        return in_use(name,
                      *leaving +
                          " is being unbound, waits for pages of its files that are in a pipe or in I/O "
                          "under way, and keeps every dax device from changing its mode");
    const auto extents = extent_use(name, system);
    if (!extents) return {};
    if (extents->claimed > extents->pinned) return in_use(name, "processes have files of it open or mapped");
    if (extents->pinned > 0)
        return in_use(name, "pages of its files are in a pipe or in I/O under way, which a process keeps");
    return in_use(name, "a process has attached it");
}

Result<void> check_wanted(const std::string& name, DaxMode wanted, const DaxSystem& system) {
    if (wanted != DaxMode::fsdev || ::access(system.driver_file(fsdev_driver, "new_id").c_str(), F_OK) == 0)
        return {};
    return fail(ErrorKind::unsupported, EOPNOTSUPP,
                fmt::format("/dev/{}: this kernel has no fsdev_dax driver (Linux 7.1, CONFIG_DEV_DAX_FSDEV); "
                            "modprobe fsdev_dax",
                            name));
}

}  // namespace

Result<void> set_dax_mode(const std::string& name, DaxMode wanted, const DaxSystem& system) {
    if (dax_mode(name, system) == wanted) return {};  // whoever uses it
    const auto alone = ModeHold::try_alone(name, system);
    if (!alone) return std::unexpected(alone.error());
    if (!*alone) return in_use(name, "it is mounted, or a famfs program reads or writes it");
    const DaxMode now = dax_mode(name, system);
    if (now == wanted) return {};
    if (now == DaxMode::system_ram)
        return fail(
            ErrorKind::refused, EBUSY,
            fmt::format("/dev/{0} is in system-ram mode; daxctl reconfigure-device --mode=devdax {0}", name));
    if (auto checked = check_wanted(name, wanted, system); !checked) return checked;
    if (auto checked = check_unused(name, now, system); !checked) return checked;
    const Change change(system, name);
    return wanted == DaxMode::fsdev ? change.to_fsdev(now) : change.to_devdax(now);
}

}  // namespace famfs::device
