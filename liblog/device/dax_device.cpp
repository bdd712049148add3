#include "liblog/device/dax_device.h"

#include <daxctl/libdaxctl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

namespace famfs::device {
namespace {

struct Unref {
    void operator()(daxctl_ctx* context) const { daxctl_unref(context); }
};
using Context = std::unique_ptr<daxctl_ctx, Unref>;

std::string sysfs_directory(dev_t number) {
    return "/sys/dev/char/" + std::to_string(major(number)) + ":" + std::to_string(minor(number));
}

// The last component of a sysfs link; "" if there is none.
std::string link_name(const std::filesystem::path& link) {
    std::error_code error;
    return std::filesystem::read_symlink(link, error).filename().string();
}

// The region's uuid, if its provider gives it one that is not nil.
std::optional<omf::Uuid> region_uuid(daxctl_region* region) {
    omf::Uuid uuid;
    static_assert(sizeof(uuid.bytes) == sizeof(uuid_t));
    daxctl_region_get_uuid(region, uuid.bytes.data());
    if (uuid == omf::Uuid{}) return std::nullopt;
    return uuid;
}

DaxDevice read_device(daxctl_region* region, daxctl_dev* device) {
    const std::string name = daxctl_dev_get_devname(device);
    const dev_t number = makedev(static_cast<unsigned>(daxctl_dev_get_major(device)),
                                 static_cast<unsigned>(daxctl_dev_get_minor(device)));
    const unsigned long alignment = daxctl_dev_get_align(device);
    // libdaxctl answers all ones where the kernel says nothing
    return {name,
            number,
            dax_mode(name),
            daxctl_dev_get_size(device),
            alignment == ~0UL ? 0 : alignment,
            region_uuid(region)};
}

// "dax10.0" after "dax9.1".
bool by_name(const DaxDevice& left, const DaxDevice& right) {
    return ::strverscmp(left.name.c_str(), right.name.c_str()) < 0;
}

}  // namespace

std::string_view name(DaxMode mode) {
    switch (mode) {
        case DaxMode::devdax:
            return "devdax";
        case DaxMode::fsdev:
            return "fsdev";
        case DaxMode::system_ram:
            return "system-ram";
        case DaxMode::unbound:
            break;
    }
    return "unbound";
}

std::string dax_device_file(const std::string& name, std::string_view file, const DaxSystem& system) {
    return system.at("/sys/bus/dax/devices/" + name + "/" + std::string(file));
}

Result<std::string> dax_name(const std::string& path, dev_t number) {
    const std::string directory = sysfs_directory(number);
    std::error_code error;
    const auto whole = std::filesystem::canonical(directory, error);
    if (!error && link_name(whole / "subsystem") == "dax") return whole.filename().string();
    return fail(ErrorKind::usage, EINVAL, path + " is a character device, but not a dax device");
}

// By the driver: libdaxctl (up to v81) does not know fsdev mode.
DaxMode dax_mode(const std::string& name, const DaxSystem& system) {
    const std::string driver = link_name(dax_device_file(name, "driver", system));
    if (driver == "device_dax") return DaxMode::devdax;
    if (driver == "fsdev_dax") return DaxMode::fsdev;
    if (driver == "kmem") return DaxMode::system_ram;
    return DaxMode::unbound;
}

Result<std::vector<DaxDevice>> list_dax_devices() {
    daxctl_ctx* raw = nullptr;
    if (const int code = daxctl_new(&raw); code != 0) return fail_errno(std::abs(code), "libdaxctl");
    const Context context(raw);
    std::vector<DaxDevice> devices;
    daxctl_region* region = nullptr;
    daxctl_region_foreach(context.get(), region) {
        daxctl_dev* device = nullptr;
        daxctl_dev_foreach(region, device) devices.push_back(read_device(region, device));
    }
    std::ranges::sort(devices, by_name);
    return devices;
}

Result<DaxDevice> find_dax_device(const std::string& path, dev_t number) {
    const auto wanted = dax_name(path, number);
    if (!wanted) return std::unexpected(wanted.error());
    const auto devices = list_dax_devices();
    if (!devices) return std::unexpected(devices.error());
    const auto found = std::ranges::find(*devices, *wanted, &DaxDevice::name);
    if (found != devices->end()) return *found;
    return fail(ErrorKind::unsupported, ENODEV, path + ": libdaxctl does not list this device");
}

}  // namespace famfs::device
