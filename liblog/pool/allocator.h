// Where a new file goes.
#pragma once

#include "liblog/index/index.h"
#include "omf/layout.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace famfs::pool {

// Chooses among the free bytes of a pool's devices. Stateless: may be shared by threads.
class AllocationPolicy {
  public:
    virtual ~AllocationPolicy() = default;

    // A layout of free bytes for a file of `size` bytes, of one allocation unit at least; no value if there
    // is no room that a layout of at most 16 extents could name.
    virtual std::optional<omf::Layout> place(const index::Index& index, std::uint64_t size) const = 0;

    // The indexes of those that it chooses among.
    virtual std::span<const std::size_t> devices() const = 0;

  protected:
    AllocationPolicy() = default;
    AllocationPolicy(const AllocationPolicy&) = default;
    AllocationPolicy& operator=(const AllocationPolicy&) = default;
};

// One extent, on the first of the devices that has a range of that length, at its lowest offset; else the
// longest ranges of one device.
class FirstFit final : public AllocationPolicy {
  public:
    // Device indexes, each of them in the pool.
    explicit FirstFit(std::vector<std::size_t> devices = {0}) : devices_(std::move(devices)) {}
    std::optional<omf::Layout> place(const index::Index& index, std::uint64_t size) const override;
    std::span<const std::size_t> devices() const override { return devices_; }

  private:
    std::vector<std::size_t> devices_;
};

// One strip on each of the devices, all of the same length.
class Striped final : public AllocationPolicy {
  public:
    // 1 to 16 device indexes, each of them in the pool; `chunk_size` in bytes, a power of two and a multiple
    // of the allocation unit.
    Striped(std::vector<std::size_t> devices, std::uint64_t chunk_size)
        : devices_(std::move(devices)), chunk_size_(chunk_size) {}
    std::optional<omf::Layout> place(const index::Index& index, std::uint64_t size) const override;
    std::span<const std::size_t> devices() const override { return devices_; }

  private:
    std::vector<std::size_t> devices_;
    std::uint64_t chunk_size_;
};

// Places a file and takes its bytes; give them back with index.release() if no entry comes to name them.
std::optional<omf::Layout> allocate(index::Index& index, std::uint64_t size, const AllocationPolicy& policy);

}  // namespace famfs::pool
