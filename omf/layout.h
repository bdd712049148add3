// Where a file's bytes lie: a list of extents, or a stripe over several strips.
#pragma once

#include "omf/constants.h"
#include "omf/violation.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

namespace famfs::omf {

// A run of bytes on one device. Offsets are device-absolute; device 0 is the pool's primary device.
struct Extent {
    std::uint64_t device = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    bool operator==(const Extent&) const = default;
};

// Up to 16 extents, in place.
class ExtentList {
  public:
    ExtentList() = default;
    explicit ExtentList(const Extent& only) { push_back(only); }

    // Pre: size() < max_extents.
    void push_back(const Extent& extent) { extents_[size_++] = extent; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const Extent& operator[](std::size_t index) const { return extents_[index]; }
    Extent& operator[](std::size_t index) { return extents_[index]; }
    const Extent* begin() const { return extents_.data(); }
    const Extent* end() const { return extents_.data() + size_; }
    std::span<const Extent> span() const { return {extents_.data(), size_}; }
    bool operator==(const ExtentList& other) const;

  private:
    std::array<Extent, max_extents> extents_{};
    std::size_t size_ = 0;
};

// A layout that somebody else stores. chunk_size is 0 for simple extents; otherwise the extents are strips.
struct LayoutView {
    std::uint64_t chunk_size = 0;
    std::span<const Extent> extents;

    bool striped() const { return chunk_size != 0; }

    // How many bytes the layout has room for; saturates at 2^64-1.
    std::uint64_t capacity() const;

    // The longest run that starts at `file_offset` and is contiguous on one device; length 0 past the
    // capacity. Striped: chunk = offset / chunk_size; strip = chunk mod strips; row = chunk / strips; device
    // offset = strip.offset + row * chunk_size + offset mod chunk_size.
    Extent run_at(std::uint64_t file_offset) const;
};

// A layout by value.
struct Layout {
    std::uint64_t chunk_size = 0;
    ExtentList extents;

    LayoutView view() const { return {chunk_size, extents.span()}; }
    bool striped() const { return chunk_size != 0; }
    bool operator==(const Layout&) const = default;
};

// What the extents of a pool may touch.
struct Geometry {
    std::uint64_t allocation_unit = default_allocation_unit;
    std::uint64_t data_start = 0;                 // first byte of device 0 after superblock and log
    std::span<const std::uint64_t> device_sizes;  // by device index; 0 = no such device
};

// The rules of one layout for a file of `size` bytes: chunk and strip lengths, alignment, bounds, capacity.
// Overlap, within the file or with others, is the caller's to find (liblog/index/free_space.h).
std::expected<void, Violation> check_layout(LayoutView layout, std::uint64_t size, const Geometry& geometry);

}  // namespace famfs::omf
