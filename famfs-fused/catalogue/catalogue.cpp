#include "famfs-fused/catalogue/catalogue.h"

#include <functional>
#include <new>
#include <utility>

namespace famfs::fused {

std::size_t Catalogue::PlaceHash::operator()(const Place& place) const {
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
    return std::hash<std::string_view>{}(place.name) ^ (place.parent * odd);
}

std::size_t Catalogue::PlaceHash::operator()(const Node* node) const {
    return (*this)(PlaceEqual::place(node));
}

Catalogue::Catalogue(Node root) {
    root.id = root_id;
    root.parent = nullptr;
    slots_.emplace(root_id, Slot{std::make_shared<const Node>(std::move(root)), 1});
}

NodePtr Catalogue::find(std::uint64_t id) const {
    const std::lock_guard guard(mutex_);
    const auto slot = slots_.find(id);
    return slot == slots_.end() ? nullptr : slot->second.node;
}

Catalogue::Slot* Catalogue::current(std::uint64_t parent, std::string_view name, const Identity& identity) {
    const auto place = places_.find(Place{parent, name});
    if (place == places_.end() || (*place)->identity != identity) return nullptr;
    return &slots_.at((*place)->id);
}

NodePtr Catalogue::reuse(std::uint64_t parent, std::string_view name, const Identity& identity) {
    const std::lock_guard guard(mutex_);
    Slot* slot = current(parent, name, identity);
    if (slot == nullptr) return nullptr;
    ++slot->lookups;
    return slot->node;
}

NodePtr Catalogue::adopt(Node candidate) {
    const std::lock_guard guard(mutex_);
    if (Slot* slot = current(candidate.parent->id, candidate.name, candidate.identity)) {
        ++slot->lookups;
        return slot->node;
    }
    candidate.id = ++last_id_;
    const auto node = std::make_shared<const Node>(std::move(candidate));
    const auto slot = slots_.emplace(node->id, Slot{node, 1}).first;
    const auto older = places_.find(node.get());
    if (older != places_.end()) {
        // The same element with another key takes no memory, so the place is never without a node.
        auto element = places_.extract(older);
        element.value() = node.get();
        places_.insert(std::move(element));
        return node;
    }
    try {
        places_.insert(node.get());
    } catch (const std::bad_alloc&) {
        slots_.erase(slot);
        throw;
    }
    return node;
}

NodePtr Catalogue::forget(std::uint64_t id, std::uint64_t count) {
    const std::lock_guard guard(mutex_);
    const auto slot = slots_.find(id);
    if (slot == slots_.end() || id == root_id) return nullptr;
    if (slot->second.lookups > count) {
        slot->second.lookups -= count;
        return nullptr;
    }
    const auto place = places_.find(slot->second.node.get());
    if (place != places_.end() && *place == slot->second.node.get()) places_.erase(place);
    NodePtr last = std::move(slot->second.node);
    slots_.erase(slot);
    return last;
}

std::size_t Catalogue::size() const {
    const std::lock_guard guard(mutex_);
    return slots_.size();
}

}  // namespace famfs::fused
