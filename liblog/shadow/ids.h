// DIR/ids: the ids of what has no document that names one. Format: docs/shadow.md.
#pragma once

#include "liblog/file_descriptor.h"
#include "liblog/index/inode.h"
#include "omf/error.h"
#include "omf/uuid.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace famfs::shadow {

inline constexpr const char* ids_name = "ids";
inline constexpr std::size_t id_header_bytes = 32;
inline constexpr std::size_t id_record_bytes = 16;

// What the file says, in memory: 16 bytes an id. Not thread safe; const members may be called at the same
// time.
class IdTable {
  public:
    // From the file's header; kind corrupt if it is none of ours.
    static Result<IdTable> create(std::span<const std::byte, id_header_bytes> header);

    // Takes records in, whole ones. Untrusted: a record whose id no entry can have is left out; of two for
    // one path the later one counts.
    void add(std::span<const std::byte> records);

    // no_inode if there is none. `path` is relative to the root.
    index::InodeId find(std::string_view path) const;

    std::size_t size() const { return records_.size(); }

  private:
    struct Record {
        std::uint64_t hash = 0;
        index::InodeId id = index::no_inode;
    };

    explicit IdTable(const omf::Uuid& file_system) : file_system_(file_system) {}

    omf::Uuid file_system_;
    std::vector<Record> records_;  // by hash
};

// Appends to the file. Not thread safe: under the tree's lock.
class IdFile {
  public:
    // Goes on with the file `name` in `directory` if it is this file system's, or makes it anew.
    static Result<IdFile> open(int directory, const char* name, const omf::Uuid& file_system);

    // A record that is not whole after a crash is written over by the next one.
    Result<void> append(std::string_view path, index::InodeId id);

  private:
    IdFile(FileDescriptor file, const omf::Uuid& file_system, std::uint64_t end)
        : file_(std::move(file)), file_system_(file_system), end_(end) {}

    FileDescriptor file_;
    omf::Uuid file_system_;
    std::uint64_t end_;  // bytes
};

}  // namespace famfs::shadow
