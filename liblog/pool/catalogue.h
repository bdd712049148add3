// What the log's entries add up to: names taken, bytes allocated, devices. The rules that need more than one
// entry are checked here.
#pragma once

#include "liblog/pool/interval_set.h"
#include "omf/entry.h"
#include "omf/superblock.h"

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace famfs::pool {

struct Totals {
    std::uint64_t files = 0;
    std::uint64_t directories = 0;
    std::uint64_t file_bytes = 0;       // sum of the files' sizes
    std::uint64_t allocated_bytes = 0;  // of device 0, superblock and log included
};

// Lets a map keyed by string be asked with a string_view.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

// Not thread safe. Value semantics; memory in proportion to the number of entries.
class Catalogue {
  public:
    // `device_size` is the real size of device 0.
    Catalogue(const omf::Superblock& superblock, std::uint64_t device_size);

    // Takes the entry in, or says which rule it breaks and changes nothing. First come, first served.
    std::expected<void, omf::Violation> apply(const omf::Entry& entry);

    // Would a file or directory of this path be accepted? Checks `.meta`, the parent and the name itself.
    std::expected<void, omf::Violation> check_path(const omf::Path& path) const;

    enum class Kind : std::uint8_t { file, directory };
    // No value if the path is free. "" is the root.
    std::optional<Kind> find(std::string_view path) const;

    // The group of a directory that has the set-group-ID bit; no value for any other. The root has none.
    std::optional<std::uint32_t> inherited_group(std::string_view directory) const;

    // Finds room for `size` bytes on device 0 (at least one unit) in as few extents as possible, and marks it
    // taken. No value if there is no room in at most 16 extents.
    std::optional<omf::Layout> allocate(std::uint64_t size);
    // Gives back what allocate() returned, before any entry named it.
    void release(const omf::Layout& layout);

    // Takes in a file or directory whose extents come from allocate() of this catalogue.
    // Pre: check_path() accepts its path.
    void adopt(const omf::File& file);
    void adopt(const omf::Directory& directory);

    Totals totals() const;
    std::uint64_t free_bytes() const;  // of device 0
    omf::Geometry geometry() const;    // refers to this object

    // Devices by index; 0 is the primary.
    const std::vector<omf::DaxDevice>& devices() const { return devices_; }

  private:
    std::expected<void, omf::Violation> apply_file(const omf::File& file);
    std::expected<void, omf::Violation> apply_directory(const omf::Directory& directory);
    std::expected<void, omf::Violation> apply_device(const omf::DaxDevice& device);
    std::expected<void, omf::Violation> claim(const omf::Layout& layout);

    std::uint64_t allocation_unit_;
    std::uint64_t data_start_;
    std::vector<omf::DaxDevice> devices_;
    std::vector<std::uint64_t> device_sizes_;
    std::unordered_map<omf::Uuid, std::uint64_t> device_indices_;
    std::vector<IntervalSet> used_;  // by device index
    std::unordered_map<std::string, Kind, TextHash, std::equal_to<>> names_;
    std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> inherited_groups_;
    Totals totals_;
};

}  // namespace famfs::pool
