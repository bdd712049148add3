// A pool's devices, and its bytes by device and offset.
#pragma once

#include "liblog/device/memory.h"
#include "omf/entry.h"
#include "omf/error.h"
#include "omf/layout.h"
#include "omf/uuid.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace famfs::pool {

// A byte of a pool. Device 0 is the primary; the log gives the others their indexes.
struct Address {
    std::uint64_t device = 0;
    std::uint64_t offset = 0;  // bytes from the device's start
};

// The memories of a pool that are open on this host, by device index. A device that the log names may be
// absent: whatever touches it fails with ENODEV (kind unsupported) and the device's index and uuid, and
// leaves the other devices as they were. Ranges, errors, order and thread safety of the bytes are those of
// device::Memory; add() and assign() are for one thread alone.
class Devices {
  public:
    explicit Devices(std::unique_ptr<device::Memory> primary);

    device::Memory& primary() const { return *memories_.front(); }

    // Takes in a further device, which says of itself that it is `uuid`. It has an index from the assign() on
    // whose list names it.
    void add(const omf::Uuid& uuid, std::unique_ptr<device::Memory> memory);

    // Gives the devices the indexes of this list (index::Index::devices()), which starts with the primary and
    // only ever grows. ENXIO if one is smaller than the log says; it stays absent.
    Result<void> assign(std::span<const omf::DaxDevice> named);

    // How many the log names, open or absent.
    std::size_t size() const { return memories_.size(); }

    // Never nullptr.
    Result<device::Memory*> at(std::uint64_t device) const;

    // Brings the first `size` bytes of a file with this layout within reach, on each of its devices; see
    // Memory::reach(). Nothing is if one of the devices is absent.
    Result<device::MappedRange> map(omf::LayoutView layout, std::uint64_t size) const;

    Result<void> read(Address from, std::span<std::byte> out) const;
    Result<void> write(Address to, std::span<const std::byte> bytes) const;
    Result<void> zero(const omf::Extent& run) const;
    // Copies up to run.length bytes; returns how many, fewer only at the end of the source.
    Result<std::uint64_t> copy_from(int source, std::uint64_t source_offset, const omf::Extent& run) const;
    Result<void> write_back(const omf::Extent& run) const;
    Result<void> invalidate(const omf::Extent& run) const;
    // Orders the stores to all devices.
    void fence() const;

  private:
    struct Unnamed {
        omf::Uuid uuid;
        std::unique_ptr<device::Memory> memory;
    };

    Result<void> place(const omf::DaxDevice& named);

    std::vector<std::unique_ptr<device::Memory>> memories_;  // nullptr: absent
    std::vector<omf::Uuid> uuids_;                           // by index, like memories_; nil for the primary
    std::vector<Unnamed> unnamed_;                           // open, but not named by the log
};

// What `size` bytes of a file take of one device: extents, in the order of the layout, and the bytes that are
// used of them.
struct DeviceShare {
    std::vector<omf::Extent> extents;
    std::uint64_t size = 0;
};

// By device index; of simple extents only those with bytes of the file, of strips all. A file of no bytes
// has its first extent.
std::vector<std::pair<std::uint64_t, DeviceShare>> split_by_device(omf::LayoutView layout,
                                                                   std::uint64_t size);

}  // namespace famfs::pool
