// An open pool: its memory, its superblock, and what this host may do with it.
#pragma once

#include "liblog/device/memory.h"
#include "liblog/pool/devices.h"
#include "omf/error.h"
#include "omf/log_header.h"
#include "omf/superblock.h"

#include <memory>
#include <string>
#include <string_view>

namespace famfs::pool {

enum class Role {
    master,  // this host ran mkfs: it may append
    client,  // any other host, or one without a system uuid
};

std::string_view name(Role role);

// Brings a log of `length` bytes within reach.
Result<device::MappedRange> reach_log(device::Memory& memory, std::uint64_t length);

// Reads and checks the superblock by itself; whether the log fits the device is not looked at. For a further
// device of a pool, which has a superblock but no log. kind corrupt if there is none.
Result<omf::Superblock> read_superblock(device::Memory& memory);

// What a mount serves, for who opens the mount's device beside it: the path may name something else by then.
// Empty members are not compared.
struct Served {
    std::string device;      // Description::identity
    omf::Uuid file_system;   // nil: any
    std::string mountpoint;  // for messages
};

class Pool {
  public:
    // Opens the device and reads the superblock; kind corrupt, naming field and both values, if this is not a
    // pool that this version understands; kind refused, ESTALE, if it is not what is served. Takes no lock.
    static Result<Pool> open(const std::string& path, device::Access access, const Served& served = {});

    // The same on memory that the caller has.
    static Result<Pool> open(std::unique_ptr<device::Memory> memory);

    // Opens a further device and takes it into devices(). kind corrupt if it has no superblock of a pool;
    // kind refused, ENODEV, if it is of another file system, or this pool's first device.
    Result<void> add_device(const std::string& path, device::Access access);

    // Superblock and log are in the memory of device 0.
    device::Memory& memory() const { return devices_->primary(); }
    Devices& devices() const { return *devices_; }
    const omf::Superblock& superblock() const { return superblock_; }
    Role role() const { return role_; }

    // Reads the superblock anew: kind refused, ESTALE, unless it is that of the same pool, with the same
    // geometry. For whoever is about to write, under the writer's lock.
    Result<void> check_unchanged() const;

    // Reads the log header anew; another host may have appended.
    Result<omf::LogHeader> read_header() const;

  private:
    Pool() = default;

    std::unique_ptr<Devices> devices_;
    device::MappedRange log_;  // after devices_: let go before them
    omf::Superblock superblock_;
    Role role_ = Role::client;
};

}  // namespace famfs::pool
