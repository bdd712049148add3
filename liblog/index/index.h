// What a pool holds, in memory: files and directories, devices, and the bytes that nobody has. Fed by the
// log, entry by entry. The rules that need more than one entry are checked here.
#pragma once

#include "liblog/index/free_space.h"
#include "liblog/index/namespace.h"
#include "omf/entry.h"
#include "omf/superblock.h"

#include <cstdint>
#include <expected>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace famfs::index {

struct Totals {
    std::uint64_t files = 0;
    std::uint64_t directories = 0;
    std::uint64_t file_bytes = 0;       // sum of the files' sizes
    std::uint64_t allocated_bytes = 0;  // of device 0, superblock and log included
};

// Not thread safe; const members may be called at the same time. Memory in proportion to the number of
// entries.
class Index {
  public:
    // `device_size` is the real size of device 0, in bytes.
    Index(const omf::Superblock& superblock, std::uint64_t device_size);

    // Makes room for so many more entries: faster than growing step by step.
    void reserve(std::size_t entries) { names_.reserve(entries); }

    // Takes log entry `number` in, or says which rule it breaks and changes nothing. First come, first
    // served.
    std::expected<void, omf::Violation> apply(std::uint64_t number, const omf::Entry& entry);

    // Would a file or directory of this path be accepted? Checks `.meta`, the parent and the name itself.
    std::expected<void, omf::Violation> check_path(const omf::Path& path) const;

    // Takes in what log entry `number` says of a file whose extents claim() took.
    // Pre: check_path() accepts its path.
    void adopt(std::uint64_t number, const omf::File& file);

    // All of the extents, or none: then the item says which is not free.
    std::expected<void, omf::Violation> claim(const omf::Layout& layout);
    // Gives back what claim() took, before an entry named it.
    void release(const omf::Layout& layout);

    const Namespace& names() const { return names_; }
    // By device index. Pre: the device is one of the pool's.
    const FreeSpace& free_space(std::size_t device) const { return free_[device]; }

    Totals totals() const;
    omf::Geometry geometry() const;  // refers to this object

    // Devices by index; 0 is the primary.
    const std::vector<omf::DaxDevice>& devices() const { return devices_; }

  private:
    using Check = std::expected<void, omf::Violation>;

    Check apply_entry(std::uint64_t number, const omf::File& file);
    Check apply_entry(std::uint64_t number, const omf::Directory& directory);
    Check apply_entry(std::uint64_t number, const omf::DaxDevice& device);
    Check check_new(const omf::Path& path, const Inode* parent) const;
    const Inode* parent_of(const omf::Path& path);

    std::uint64_t allocation_unit_;
    std::uint64_t data_start_;
    std::vector<omf::DaxDevice> devices_;
    std::vector<std::uint64_t> device_sizes_;
    std::unordered_map<omf::Uuid, std::uint64_t> device_indices_;
    std::vector<FreeSpace> free_;
    Namespace names_;
    Totals totals_;
    // The directory that the last entry was in: most logs fill one directory after the other.
    std::string last_parent_path_;
    const Inode* last_parent_ = nullptr;
};

}  // namespace famfs::index
