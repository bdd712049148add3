// SPDX-License-Identifier: GPL-2.0
// What the tests need of the module and of dax devices.
#pragma once

#include "famfs_dax.h"
#include "harness.h"

#include <errno.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

inline constexpr uint64_t KiB = 1024, MiB = 1024 * KiB;
inline constexpr uint64_t page = 4096;

// Owns a descriptor.
class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() { reset(); }
    void reset();
    int get() const { return fd_; }

  private:
    int fd_ = -1;
};

// Owns a mapping.
class Mapping {
  public:
    // Fails the test if it cannot be made. Aligned to 2 MiB if it is that long.
    Mapping(int fd, uint64_t length, int protection, int flags, uint64_t offset = 0);
    Mapping(const Mapping&) = delete;
    ~Mapping() { unmap(); }
    void unmap();
    unsigned char* data() { return data_; }
    unsigned char& operator[](uint64_t offset) { return data_[offset]; }

  private:
    unsigned char* data_;
    uint64_t length_;
};

// How a child ends that reads or writes the byte there.
harness::Outcome touch_in_child(Mapping& mapping, uint64_t offset, bool write);

// Devices of the guest, in fsdev mode once asked for.
struct Device {
    std::string name;
    uint64_t size;
    std::string node() const { return "/dev/" + name; }
};
// Fails or skips the test if there are not so many.
Device device(unsigned number);
std::string driver_of(const std::string& name);
void to_fsdev(const std::string& name);
void to_devdax(const std::string& name);
void unbind(const std::string& name);

Fd open_control();
Fd open_node(const Device& device, int flags = 02 /* O_RDWR */);
// The number, or -1 and errno.
int attach(int control, const Device& device, uint32_t flags = 0, int open_flags = 02);
int detach(int control, uint32_t number);

famfs_dax_extent extent(uint64_t offset, uint64_t length, uint32_t number = 0);
// The descriptor, or -1 and errno.
int create(int control, uint64_t size, std::span<const famfs_dax_extent> extents, uint32_t flags = 0,
           uint64_t chunk_size = 0);
// A control descriptor with device 0 attached as number 0.
Fd attached();
// A simple file of one extent; fails the test if it cannot be made.
Fd simple_file(int control, uint64_t offset, uint64_t length);

famfs_dax_device_info device_info(int control, uint32_t number = 0);
famfs_dax_file_info file_info(int fd);

// A counter of the module.
uint64_t counter(const std::string& name);
// What it shows of a device in sysfs, without the newline; "" if it does not hold the device.
std::string shown(const Device& device, const std::string& file);
// All devices, one a line, in debugfs.
std::string listed_devices();
std::string read_text(const std::string& path);
bool write_text(const std::string& path, const std::string& text);

void fill(std::span<unsigned char> bytes, uint64_t seed);
std::vector<unsigned char> pattern(uint64_t length, uint64_t seed);
