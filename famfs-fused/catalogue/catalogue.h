// The inodes that the kernel knows, by nodeid and by their place in the tree.
#pragma once

#include "famfs-fused/catalogue/node.h"

#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace famfs::fused {

// Nodeids count up from 1, the root, and are never used again. A node lives until the kernel has given back
// every lookup of it; a place in the tree may pass to a newer node before that. Thread safe.
class Catalogue {
  public:
    static constexpr std::uint64_t root_id = 1;

    explicit Catalogue(Node root);

    // No node: the kernel gave it back, or never had it.
    NodePtr find(std::uint64_t id) const;

    // The node at (parent, name) if it was made from `identity`, with one more lookup counted.
    NodePtr reuse(std::uint64_t parent, std::string_view name, const Identity& identity);

    // Takes `candidate` in at its place, gives it an id and counts one lookup. If there is meanwhile a node
    // of the same identity, that one is returned instead.
    NodePtr adopt(Node candidate);

    // Takes `count` lookups back; more than there are count as all of them. Returns the node if it went.
    NodePtr forget(std::uint64_t id, std::uint64_t count);

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

    Slot* current(std::uint64_t parent, std::string_view name, const Identity& identity);

    mutable std::mutex mutex_;
    std::uint64_t last_id_ = root_id;
    std::unordered_map<std::uint64_t, Slot> slots_;
    std::unordered_set<const Node*, PlaceHash, PlaceEqual> places_;
};

}  // namespace famfs::fused
