// Files and directories by id and by name.
#pragma once

#include "liblog/index/inode.h"

#include <tsl/robin_set.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

namespace famfs::index {

// Why something cannot be added.
enum class NameError { parent_not_directory, name_taken, id_taken };

// One tree with a root, which is there from the start. About 150 bytes for each file beyond its name and
// extents. Names are hashed with a key of this process (SipHash-2-4), so that chosen names cannot slow it
// down. Not thread safe; const members may be called at the same time.
class Namespace {
  public:
    Namespace();
    Namespace(const Namespace&) = delete;
    Namespace& operator=(const Namespace&) = delete;

    // Adds a file or directory to `parent`, which is of this namespace. `name` and `layout` are copied. What
    // is added in order of the ids is added in constant time.
    std::expected<const Inode*, NameError> add_file(InodeId id, const Inode& parent, std::string_view name,
                                                    const Attributes& attributes, omf::LayoutView layout);
    std::expected<const Inode*, NameError> add_directory(InodeId id, const Inode& parent,
                                                         std::string_view name, const Attributes& attributes);

    // Makes room for so many more, so that adding them does not move the tables.
    void reserve(std::size_t count);

    const Inode& root() const { return *root_; }
    // nullptr if there is none.
    const Inode* find(InodeId id) const;
    const Inode* lookup(const Inode& directory, std::string_view name) const;
    // By components from the root; "" is the root, "." and ".." are names like others.
    const Inode* resolve(std::string_view path) const;

    // The directory's child with the lowest id above `after`; nullptr if there is none. The order of ids is
    // the order in which they were created, and stays.
    const Inode* next_child(const Inode& directory, InodeId after) const;
    std::size_t child_count(const Inode& directory) const;

    // From the root, without a leading slash.
    std::string path_of(const Inode& inode) const;

    std::size_t size() const { return ids_.size(); }  // the root included

  private:
    using HashKey = std::array<unsigned char, 16>;
    using Children = std::vector<const Inode*>;
    // An inode to look for has what is compared, and its hash.
    struct NameHash {
        std::size_t operator()(const Inode* inode) const { return inode->name_hash; }
    };
    struct SameName {
        bool operator()(const Inode* a, const Inode* b) const {
            return a->parent == b->parent && a->name == b->name;
        }
    };
    struct IdHash {
        HashKey key;
        std::size_t operator()(const Inode* inode) const;
    };
    struct SameId {
        bool operator()(const Inode* a, const Inode* b) const { return a->id == b->id; }
    };
    template <typename Hash, typename Same>
    using Table = tsl::robin_set<const Inode*, Hash, Same, std::allocator<const Inode*>, true>;

    std::uint64_t hash_of(const Inode& parent, std::string_view name) const;
    std::expected<const Inode*, NameError> add(Inode inode);

    HashKey key_;
    std::pmr::monotonic_buffer_resource memory_;  // of names and extents
    std::deque<Inode> inodes_;
    Table<NameHash, SameName> names_;
    Table<IdHash, SameId> ids_;
    std::deque<Children> children_;
    const Inode* root_ = nullptr;
};

}  // namespace famfs::index
