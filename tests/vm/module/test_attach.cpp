// SPDX-License-Identifier: GPL-2.0
// Attaching devices: who may, which, and who else has them.
#include "extent_file.h"
#include "harness.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

namespace {

int attach_path(int control, const char* path, int flags = O_RDWR) {
    const Fd fd(open(path, flags | O_CLOEXEC));
    CHECK_OK(fd.get());
    famfs_dax_attach arg{};
    arg.fd = fd.get();
    return ioctl(control, FAMFS_DAX_IOC_ATTACH, &arg);
}

void drop_capability(int capability) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2];
    CHECK_OK(syscall(SYS_capget, &header, data));
    data[capability / 32].effective &= ~(1u << (capability % 32));
    CHECK_OK(syscall(SYS_capset, &header, data));
}

}  // namespace

TEST(attach, info) {
    const Fd control = open_control();
    famfs_dax_info info{};
    CHECK_OK(ioctl(control.get(), FAMFS_DAX_IOC_INFO, &info));
    CHECK_EQ(info.version, FAMFS_DAX_VERSION);
    CHECK_EQ(info.granule, page);
    CHECK_EQ(info.max_strips, 16u);
    CHECK_EQ(info.max_extents, 65536u);
    CHECK_EQ(info.caps, FAMFS_DAX_CAP_CACHE);
}

TEST(attach, version_is_shown) {
    const std::string version = std::to_string(FAMFS_DAX_VERSION) + "\n";
    CHECK(read_text("/sys/fs/famfs_dax/interface_version") == version);
    CHECK(read_text("/sys/module/famfs_dax/version") == version);
}

TEST(attach, unknown_ioctl) {
    const Fd control = open_control();
    CHECK_ERRNO(ioctl(control.get(), _IO(FAMFS_DAX_IOC_MAGIC, 99)), ENOTTY);
    CHECK_ERRNO(ioctl(control.get(), _IO('x', 1)), ENOTTY);
}

TEST(attach, size_is_the_devices) {
    const Device first = device(0);
    const Fd control = open_control(), node = open_node(first);
    famfs_dax_attach arg{};
    arg.fd = node.get();
    CHECK_OK(ioctl(control.get(), FAMFS_DAX_IOC_ATTACH, &arg));
    CHECK_EQ(arg.size, first.size);
    const famfs_dax_device_info info = device_info(control.get());
    CHECK_EQ(info.size, first.size);
    CHECK_EQ(info.claimed, 0u);
    CHECK_EQ(info.attachments, 1u);
    CHECK_EQ(info.flags, 0u);
    CHECK(shown(first, "size") == std::to_string(first.size));
    CHECK(shown(first, "attachments") == "1");
    CHECK(shown(first, "state") == "live");
    CHECK(listed_devices().starts_with("dax0.0 size=" + std::to_string(first.size)));
}

TEST(attach, not_a_dax_device) {
    const Fd control = open_control();
    for (const char* path :
         {"/dev/null", "/dev/zero", "/dev/full", "/dev/fuse", "/dev/console", FAMFS_DAX_NODE})
        CHECK_ERRNO(attach_path(control.get(), path), ENOTTY);
    CHECK_ERRNO(attach_path(control.get(), "/proc/version", O_RDONLY), ENOTTY);
    CHECK_ERRNO(attach_path(control.get(), "/tmp", O_RDONLY), ENOTTY);
    CHECK_ERRNO(attach_path(control.get(), device(0).node().c_str(), O_PATH), EBADF);
    int ends[2];
    CHECK_OK(pipe(ends));
    famfs_dax_attach arg{};
    arg.fd = ends[0];
    CHECK_ERRNO(ioctl(control.get(), FAMFS_DAX_IOC_ATTACH, &arg), ENOTTY);
    arg = {};
    arg.fd = -1;
    CHECK_ERRNO(ioctl(control.get(), FAMFS_DAX_IOC_ATTACH, &arg), EBADF);
    arg.fd = 999;
    CHECK_ERRNO(ioctl(control.get(), FAMFS_DAX_IOC_ATTACH, &arg), EBADF);
}

TEST(attach, every_field_is_checked) {
    const Device first = device(0);
    const Fd control = open_control(), node = open_node(first);
    const auto refused = [&](auto change) {
        famfs_dax_attach arg{};
        arg.fd = node.get();
        change(arg);
        CHECK_ERRNO(ioctl(control.get(), FAMFS_DAX_IOC_ATTACH, &arg), EINVAL);
    };
    refused([](auto& arg) { arg.flags = 2; });
    refused([](auto& arg) { arg.flags = 0x80000000; });
    refused([](auto& arg) { arg.device = 1; });
    refused([](auto& arg) { arg.reserved = 1; });
    refused([](auto& arg) { arg.size = 1; });
    CHECK_ERRNO(ioctl(control.get(), FAMFS_DAX_IOC_ATTACH, nullptr), EFAULT);
    CHECK_ERRNO(detach(control.get(), 0), EINVAL);
    CHECK_ERRNO(detach(control.get(), 64), EINVAL);
    CHECK_ERRNO(detach(control.get(), 0xffffffff), EINVAL);

    CHECK_EQ(attach(control.get(), first), 0);
    famfs_dax_detach end{0, 1};
    CHECK_ERRNO(ioctl(control.get(), FAMFS_DAX_IOC_DETACH, &end), EINVAL);
    famfs_dax_device_info info{};
    info.reserved = 1;
    CHECK_ERRNO(ioctl(control.get(), FAMFS_DAX_IOC_DEVICE_INFO, &info), EINVAL);
    info = {};
    info.device = 1;
    CHECK_ERRNO(ioctl(control.get(), FAMFS_DAX_IOC_DEVICE_INFO, &info), EINVAL);
    CHECK_OK(detach(control.get(), 0));
    CHECK_ERRNO(detach(control.get(), 0), EINVAL);
}

// A program built against a later or an earlier header.
TEST(attach, structures_grow) {
    const Device first = device(0);
    const Fd control = open_control(), node = open_node(first);
    struct Longer {
        famfs_dax_attach arg;
        uint64_t later;
    } longer{};
    const unsigned long number =
        _IOC(_IOC_READ | _IOC_WRITE, FAMFS_DAX_IOC_MAGIC, _IOC_NR(FAMFS_DAX_IOC_ATTACH), sizeof(Longer));
    longer.arg.fd = node.get();
    longer.later = 1;
    CHECK_ERRNO(ioctl(control.get(), number, &longer), E2BIG);
    longer.later = 0;
    CHECK_OK(ioctl(control.get(), number, &longer));
    CHECK_EQ(longer.arg.size, first.size);
    CHECK_EQ(longer.later, 0u);

    unsigned char info[sizeof(famfs_dax_info)];
    memset(info, 0xee, sizeof info);
    CHECK_OK(ioctl(control.get(), _IOC(_IOC_READ, FAMFS_DAX_IOC_MAGIC, 0, 8), info));
    CHECK_EQ(info[0], FAMFS_DAX_VERSION);
    CHECK_EQ(info[8], 0xee);
}

TEST(attach, needs_fsdev_mode) {
    const Device second = device(1);
    to_devdax(second.name);
    const Fd control = open_control();
    CHECK_ERRNO(attach(control.get(), second), EOPNOTSUPP);
    to_fsdev(second.name);
    CHECK_EQ(attach(control.get(), second), 0);
}

TEST(attach, needs_capability) {
    const Device first = device(0);
    const Fd control = open_control();
    const harness::Outcome outcome = harness::in_child([&] {
        drop_capability(CAP_SYS_RAWIO);
        CHECK_ERRNO(attach(control.get(), first), EPERM);
    });
    CHECK_EQ(outcome.status, 0);
    CHECK_EQ(attach(control.get(), first), 0);
}

TEST(attach, twice_and_by_two) {
    const Device first = device(0);
    const Fd one = open_control(), other = open_control();
    CHECK_EQ(attach(one.get(), first), 0);
    CHECK_ERRNO(attach(one.get(), first), EEXIST);
    CHECK_EQ(attach(other.get(), first), 0);
    CHECK_EQ(device_info(one.get()).attachments, 2u);
    CHECK_OK(detach(other.get(), 0));
    CHECK_EQ(device_info(one.get()).attachments, 1u);
}

TEST(attach, numbers_are_reused) {
    const Device first = device(0), second = device(1);
    const Fd control = open_control();
    CHECK_EQ(attach(control.get(), first), 0);
    CHECK_EQ(attach(control.get(), second), 1);
    CHECK_OK(detach(control.get(), 0));
    CHECK_EQ(attach(control.get(), first), 0);
    CHECK_EQ(device_info(control.get(), 1).size, second.size);
}

TEST(attach, exclusive) {
    const Device first = device(0);
    const Fd one = open_control();
    Fd other = open_control();
    CHECK_EQ(attach(one.get(), first, FAMFS_DAX_ATTACH_EXCLUSIVE), 0);
    CHECK_EQ(device_info(one.get()).flags, FAMFS_DAX_DEVICE_EXCLUSIVE);
    CHECK_ERRNO(attach(other.get(), first), EBUSY);
    CHECK_ERRNO(attach(other.get(), first, FAMFS_DAX_ATTACH_EXCLUSIVE), EBUSY);
    CHECK_OK(detach(one.get(), 0));
    CHECK_EQ(attach(other.get(), first), 0);
    CHECK_ERRNO(attach(one.get(), first, FAMFS_DAX_ATTACH_EXCLUSIVE), EBUSY);
    Fd file = simple_file(other.get(), 0, MiB);
    other.reset();
    CHECK_ERRNO(attach(one.get(), first, FAMFS_DAX_ATTACH_EXCLUSIVE), EBUSY);
    file.reset();
    CHECK_EQ(attach(one.get(), first, FAMFS_DAX_ATTACH_EXCLUSIVE), 0);
}

// Another user in the kernel: the test's own module holds the device.
TEST(attach, second_holder) {
    const Device second = device(1);
    const char* module = getenv("HOLDER_MODULE");
    if (!module || access(module, R_OK)) harness::skip("HOLDER_MODULE names no module");
    const Fd image(open(module, O_RDONLY | O_CLOEXEC));
    struct stat node{};
    CHECK_OK(stat(second.node().c_str(), &node));
    const std::string parameters =
        "device=" + std::to_string(major(node.st_rdev)) + ":" + std::to_string(minor(node.st_rdev));
    const Fd control = open_control();

    CHECK_OK(syscall(SYS_finit_module, image.get(), parameters.c_str(), 0));
    const int ret = attach(control.get(), second);
    const int error = errno;
    CHECK_OK(syscall(SYS_delete_module, "holder", O_NONBLOCK));
    CHECK_EQ(ret, -1);
    CHECK_EQ(error, EBUSY);

    CHECK_EQ(attach(control.get(), second), 0);
    CHECK_ERRNO(syscall(SYS_finit_module, image.get(), parameters.c_str(), 0), EBUSY);
}

TEST(attach, all_users_are_gone_afterwards) {
    const uint64_t before = counter("devices");
    {
        const Fd control = attached();
        CHECK_EQ(counter("devices"), before + 1);
    }
    CHECK_EQ(counter("devices"), before);
    CHECK(shown(device(0), "state").empty());
}
