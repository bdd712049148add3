// A file or directory of a pool, as the index knows it.
#pragma once

#include "omf/layout.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace famfs::index {

// Identifies a file or directory permanently, and equally on every host: it is made of the log entry that
// created it.
using InodeId = std::uint64_t;

inline constexpr InodeId no_inode = 0;
inline constexpr InodeId root_inode = 1;
// The daemon's own: .meta, .meta/.superblock, .meta/.log.
inline constexpr InodeId meta_inode = 2;
inline constexpr InodeId superblock_inode = 3;
inline constexpr InodeId log_inode = 4;
inline constexpr InodeId first_entry_inode = 16;
// No entry has an id from here on: it is for those who name what no entry created.
inline constexpr InodeId end_of_entry_inodes = InodeId{1} << 62;

// Of what log entry `index` creates.
constexpr InodeId inode_of_entry(std::uint64_t index) {
    return first_entry_inode + index;
}

constexpr bool is_entry_inode(InodeId id) {
    return id >= first_entry_inode && id < end_of_entry_inodes;
}

// Of what is at this path whatever the log says; no_inode for every other path.
constexpr InodeId fixed_inode(std::string_view path) {
    if (path.empty()) return root_inode;
    if (path == ".meta") return meta_inode;
    if (path == ".meta/.superblock") return superblock_inode;
    if (path == ".meta/.log") return log_inode;
    return no_inode;
}

enum class InodeKind : std::uint8_t { file, directory };

// What a log entry says of owner and mode; of a file also its size and flags.
struct Attributes {
    std::uint64_t size = 0;  // bytes
    std::uint32_t flags = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t mode = 0;  // permission bits
};

// Lives in a Namespace, which hands out references to it: they hold as long as the namespace does. Name and
// extents are the namespace's.
struct Inode {
    InodeId id = no_inode;
    const Inode* parent = nullptr;  // nullptr: the root
    Attributes attributes{};
    std::uint64_t chunk_size = 0;  // bytes; 0: simple extents
    std::string_view name{};       // "" for the root
    std::span<const omf::Extent> extents{};
    InodeKind kind = InodeKind::file;
    std::uint32_t children = 0;   // of a directory: which list of the namespace
    std::uint64_t name_hash = 0;  // of parent and name

    bool is_directory() const { return kind == InodeKind::directory; }
    omf::LayoutView layout() const { return {chunk_size, extents}; }
};

}  // namespace famfs::index
