#include "liblog/device/dax_device.h"

#include <daxctl/libdaxctl.h>
#include <sys/sysmacros.h>

#include <algorithm>
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
std::string link_name(const std::string& link) {
    std::error_code error;
    return std::filesystem::read_symlink(link, error).filename().string();
}

// By the driver: libdaxctl (up to v81) does not know fsdev mode.
DaxMode mode_of(dev_t number) {
    const std::string driver = link_name(sysfs_directory(number) + "/driver");
    if (driver == "device_dax") return DaxMode::devdax;
    if (driver == "fsdev_dax") return DaxMode::fsdev;
    if (driver == "kmem") return DaxMode::system_ram;
    return DaxMode::unbound;
}

// The region's uuid, if its provider gives it one that is not nil.
std::optional<omf::Uuid> region_uuid(daxctl_region* region) {
    omf::Uuid uuid;
    static_assert(sizeof(uuid.bytes) == sizeof(uuid_t));
    daxctl_region_get_uuid(region, uuid.bytes.data());
    if (uuid == omf::Uuid{}) return std::nullopt;
    return uuid;
}

daxctl_dev* find_in(daxctl_region* region, dev_t number) {
    daxctl_dev* device = nullptr;
    daxctl_dev_foreach(region, device) {
        const bool same = daxctl_dev_get_major(device) == static_cast<int>(major(number)) &&
                          daxctl_dev_get_minor(device) == static_cast<int>(minor(number));
        if (same) return device;
    }
    return nullptr;
}

DaxDevice read_device(daxctl_region* region, daxctl_dev* device, dev_t number) {
    const unsigned long alignment = daxctl_dev_get_align(device);
    // libdaxctl answers all ones where the kernel says nothing
    return {daxctl_dev_get_devname(device), mode_of(number), daxctl_dev_get_size(device),
            alignment == ~0UL ? 0 : alignment, region_uuid(region)};
}

}  // namespace

Result<DaxDevice> find_dax_device(const std::string& path, dev_t number) {
    if (link_name(sysfs_directory(number) + "/subsystem") != "dax")
        return fail(ErrorKind::usage, EINVAL, path + " is a character device, but not a dax device");
    daxctl_ctx* raw = nullptr;
    if (const int code = daxctl_new(&raw); code != 0) return fail_errno(std::abs(code), "libdaxctl");
    const Context context(raw);
    daxctl_region* region = nullptr;
    daxctl_region_foreach(context.get(), region) {
        if (daxctl_dev* device = find_in(region, number)) return read_device(region, device, number);
    }
    return fail(ErrorKind::unsupported, ENODEV, path + ": libdaxctl does not list this device");
}

}  // namespace famfs::device
