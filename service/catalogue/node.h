// One inode of the mount.
#pragma once

#include "omf/entry.h"
#include "omf/layout.h"
#include "service/shadow/identity.h"

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>

namespace famfs::service {

enum class NodeKind : std::uint8_t {
    directory,
    file,      // as its document says
    document,  // shows the document itself (data path yaml)
    unusable,  // neither directory nor a document that can be read
};

struct Node;
using NodePtr = std::shared_ptr<const Node>;

// Does not change once the catalogue has it, so that size and layout agree for an inode's whole life. Kept
// small: there is one for every file that the kernel knows.
struct Node {
    // Its inode number, and its name for the kernel: that of the entry that created it
    // (liblog/index/inode.h), the same on every host, or one of the catalogue's making.
    std::uint64_t id = 0;
    std::uint64_t serial = 0;  // never used again in this process, as an id may be
    NodePtr parent;            // none for the root
    std::string name;          // in its parent
    Identity identity;
    timespec modified{};
    std::uint64_t size = 0;  // bytes
    std::uint32_t mode = 0;  // permission bits
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    NodeKind kind = NodeKind::unusable;
    bool all_hosts_read = false;  // nobody may write it, wherever
    std::uint8_t extent_count = 0;
    std::uint64_t chunk_size = 0;  // bytes; 0 = not striped
    std::unique_ptr<omf::Extent[]> extents;

    omf::LayoutView layout() const { return {chunk_size, {extents.get(), extent_count}}; }

    // Takes over what a document says.
    void describe(const omf::File& file);

    // Whether whoever knows one of the two may go on with the other: nothing that is seen of them differs but
    // times.
    bool looks_like(const Node& other) const;
};

// The node's place in the tree, relative to its root: "dir/file", "" for the root.
std::string path_of(const Node& node);
// The place of `name` in the directory `parent`.
std::string path_of(const Node& parent, std::string_view name);

// Superblock or log: in ".meta".
bool is_metadata(const Node& node);

// As stat(2) shows it. Not for a directory: its attributes are the shadow directory's.
struct stat attributes_of(const Node& node);

}  // namespace famfs::service
