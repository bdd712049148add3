// The inodes that the kernel knows, by nodeid and by their place in the tree.
#pragma once

#include "liblog/index/inode.h"
#include "service/catalogue/node.h"

#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace famfs::service {

// A node lives until its callers have given back every lookup of it; a place in the tree may pass to a newer
// node before that. Its id is the one that it was made with, if that is to be had; otherwise one above all
// that entries have (is_provisional), made of its inode in the shadow tree where that is free. Thread safe.
class Catalogue {
  public:
    static constexpr std::uint64_t root_id = index::root_inode;

    explicit Catalogue(Node root);

    // No node: the kernel gave it back, or never had it.
    NodePtr find(std::uint64_t id) const;

    // The node at (parent, name) if it was made from `identity`, with one more lookup counted.
    NodePtr reuse(std::uint64_t parent, std::string_view name, const Identity& identity);

    // Takes `candidate` in at its place and counts one lookup. Its `id` is the one to have, or no_inode. If
    // there is meanwhile a node of the same identity, that one is returned instead. A node of the same id at
    // the same place that looks like it gives way, and keeps its lookups.
    NodePtr adopt(Node candidate);

    // Takes `count` lookups back; more than there are count as all of them. Returns the node if it went.
    NodePtr forget(std::uint64_t id, std::uint64_t count);

    // As reuse(), without counting: the node's id, or no_inode.
    std::uint64_t id_at(std::uint64_t parent, std::string_view name, const Identity& identity) const;
    // The id that adopt() would give.
    std::uint64_t id_for(const Node& candidate) const;

    // Not made of a log entry: this host's alone.
    static bool is_provisional(std::uint64_t id) { return id >= index::end_of_entry_inodes; }

    std::size_t size() const;  // nodes, the root included

  private:
    struct Slot {
        NodePtr node;
        std::uint64_t lookups = 0;
    };
    struct Place {
        std::uint64_t parent;
        std::string_view name;
    };
    // Nodes stand in the index by their place; it owns nothing, slots_ does.
    struct PlaceHash {
        using is_transparent = void;
        std::size_t operator()(const Place& place) const;
        std::size_t operator()(const Node* node) const;
    };
    struct PlaceEqual {
        using is_transparent = void;
        static Place place(const Node* node) { return {node->parent->id, node->name}; }
        static const Place& place(const Place& place) { return place; }
        template <typename A, typename B>
        bool operator()(const A& left, const B& right) const {
            return place(left).parent == place(right).parent && place(left).name == place(right).name;
        }
    };

    NodePtr count(const Node& node);
    std::uint64_t free_id(const Node& candidate) const;
    Slot* like(const Node& candidate);
    NodePtr renew(Slot& slot, Node candidate);
    void take_place(const Node* node);
    const Node* current(std::uint64_t parent, std::string_view name, const Identity& identity) const;

    mutable std::mutex mutex_;
    std::uint64_t last_serial_ = 0;
    std::unordered_map<std::uint64_t, Slot> slots_;
    std::unordered_set<const Node*, PlaceHash, PlaceEqual> places_;
};

}  // namespace famfs::service
