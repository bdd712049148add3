// SPDX-License-Identifier: GPL-2.0
#include "extent_file.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;

namespace {
const std::string bus = "/sys/bus/dax/";
}  // namespace

void Fd::reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
}

Mapping::Mapping(int fd, uint64_t length, int protection, int flags, uint64_t offset)
    : data_(nullptr), length_(length) {
    void* address = mmap(nullptr, length, protection, flags, fd, static_cast<off_t>(offset));
    if (address == MAP_FAILED) harness::fail(__FILE__, __LINE__, "mmap: errno " + std::to_string(errno));
    data_ = static_cast<unsigned char*>(address);
}

void Mapping::unmap() {
    if (data_) munmap(std::exchange(data_, nullptr), length_);
}

harness::Outcome touch_in_child(Mapping& mapping, uint64_t offset, bool write) {
    return harness::in_child([&] {
        if (write)
            mapping[offset] = 1;
        else
            _exit(*static_cast<volatile unsigned char*>(mapping.data() + offset) & 1);
    });
}

std::string read_text(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

bool write_text(const std::string& path, const std::string& text) {
    const Fd fd(open(path.c_str(), O_WRONLY));
    return fd.get() >= 0 && write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

Device device(unsigned number) {
    const std::string name = "dax" + std::to_string(number) + ".0";
    const std::string size = read_text(bus + "devices/" + name + "/size");
    if (size.empty()) harness::skip("no device " + name);
    to_fsdev(name);
    return {name, std::stoull(size)};
}

std::string driver_of(const std::string& name) {
    std::error_code error;
    return fs::read_symlink(bus + "devices/" + name + "/driver", error).filename();
}

void unbind(const std::string& name) {
    const std::string driver = driver_of(name);
    if (!driver.empty()) CHECK(write_text(bus + "drivers/" + driver + "/unbind", name));
}

void to_fsdev(const std::string& name) {
    if (driver_of(name) == "fsdev_dax") return;
    unbind(name);
    write_text(bus + "drivers/device_dax/remove_id", name);
    write_text(bus + "drivers/fsdev_dax/new_id", name);
    if (driver_of(name) != "fsdev_dax")
        harness::fail(__FILE__, __LINE__, name + " does not go into fsdev mode");
}

void to_devdax(const std::string& name) {
    if (driver_of(name) == "device_dax") return;
    unbind(name);
    write_text(bus + "drivers/fsdev_dax/remove_id", name);
    write_text(bus + "drivers/device_dax/new_id", name);
    if (driver_of(name) != "device_dax")
        harness::fail(__FILE__, __LINE__, name + " does not go into devdax mode");
}

Fd open_control() {
    Fd control(open(FAMFS_DAX_NODE, O_RDWR | O_CLOEXEC));
    CHECK_OK(control.get());
    return control;
}

Fd open_node(const Device& device, int flags) {
    Fd node(open(device.node().c_str(), flags | O_CLOEXEC));
    CHECK_OK(node.get());
    return node;
}

int attach(int control, const Device& device, uint32_t flags, int open_flags) {
    const Fd node = open_node(device, open_flags);
    famfs_dax_attach arg{};
    arg.fd = node.get();
    arg.flags = flags;
    const int ret = ioctl(control, FAMFS_DAX_IOC_ATTACH, &arg);
    return ret < 0 ? ret : static_cast<int>(arg.device);
}

int detach(int control, uint32_t number) {
    famfs_dax_detach arg{};
    arg.device = number;
    return ioctl(control, FAMFS_DAX_IOC_DETACH, &arg);
}

famfs_dax_extent extent(uint64_t offset, uint64_t length, uint32_t number) {
    famfs_dax_extent extent{};
    extent.offset = offset;
    extent.length = length;
    extent.device = number;
    return extent;
}

int create(int control, uint64_t size, std::span<const famfs_dax_extent> extents, uint32_t flags,
           uint64_t chunk_size) {
    famfs_dax_create arg{};
    arg.size = size;
    arg.extents = reinterpret_cast<uintptr_t>(extents.data());
    arg.nr_extents = static_cast<uint32_t>(extents.size());
    arg.type = chunk_size ? FAMFS_DAX_MAP_STRIPED : FAMFS_DAX_MAP_SIMPLE;
    arg.chunk_size = chunk_size;
    arg.flags = flags;
    return ioctl(control, FAMFS_DAX_IOC_CREATE, &arg);
}

Fd attached() {
    Fd control = open_control();
    CHECK_EQ(attach(control.get(), device(0)), 0);
    return control;
}

Fd simple_file(int control, uint64_t offset, uint64_t length) {
    const famfs_dax_extent one = extent(offset, length);
    Fd file(create(control, length, {&one, 1}));
    CHECK_OK(file.get());
    return file;
}

famfs_dax_device_info device_info(int control, uint32_t number) {
    famfs_dax_device_info info{};
    info.device = number;
    CHECK_OK(ioctl(control, FAMFS_DAX_IOC_DEVICE_INFO, &info));
    return info;
}

famfs_dax_file_info file_info(int fd) {
    famfs_dax_file_info info{};
    CHECK_OK(ioctl(fd, FAMFS_DAX_IOC_FILE_INFO, &info));
    return info;
}

uint64_t counter(const std::string& name) {
    const std::string text = read_text("/sys/fs/famfs_dax/stats/" + name);
    if (text.empty()) harness::fail(__FILE__, __LINE__, "no counter " + name);
    return std::stoull(text);
}

std::string shown(const Device& device, const std::string& file) {
    const std::string text = read_text("/sys/fs/famfs_dax/devices/" + device.name + "/" + file);
    return text.substr(0, text.find('\n'));
}

std::string listed_devices() {
    return read_text("/sys/kernel/debug/famfs_dax/devices");
}

void fill(std::span<unsigned char> bytes, uint64_t seed) {
    uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
    for (unsigned char& byte : bytes) {
        state = state * 6364136223846793005 + 1442695040888963407;
        byte = static_cast<unsigned char>(state >> 56);
    }
}

std::vector<unsigned char> pattern(uint64_t length, uint64_t seed) {
    std::vector<unsigned char> bytes(length);
    fill(bytes, seed);
    return bytes;
}
