#include "service/catalogue/catalogue.h"

#include <functional>
#include <new>
#include <utility>

namespace famfs::service {

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

const Node* Catalogue::current(std::uint64_t parent, std::string_view name, const Identity& identity) const {
    const auto place = places_.find(Place{parent, name});
    return place == places_.end() || (*place)->identity != identity ? nullptr : *place;
}

NodePtr Catalogue::count(const Node& node) {
    Slot& slot = slots_.at(node.id);
    ++slot.lookups;
    return slot.node;
}

NodePtr Catalogue::reuse(std::uint64_t parent, std::string_view name, const Identity& identity) {
    const std::lock_guard guard(mutex_);
    const Node* const node = current(parent, name, identity);
    return node != nullptr ? count(*node) : nullptr;
}

std::uint64_t Catalogue::id_at(std::uint64_t parent, std::string_view name, const Identity& identity) const {
    const std::lock_guard guard(mutex_);
    const Node* const node = current(parent, name, identity);
    return node != nullptr ? node->id : index::no_inode;
}

// Another file at another place may have it, or an older one at this place: then the file is this host's
// alone for as long as both are known.
std::uint64_t Catalogue::free_id(const Node& candidate) const {
    constexpr std::uint64_t of_shadow_inode = std::uint64_t{1} << 63;
    if (candidate.id != index::no_inode && !slots_.contains(candidate.id)) return candidate.id;
    std::uint64_t id = of_shadow_inode | candidate.identity.inode;
    for (std::uint64_t next = index::end_of_entry_inodes; slots_.contains(id); ++next)
        id = next;
    return id;
}

Catalogue::Slot* Catalogue::like(const Node& candidate) {
    const auto slot = slots_.find(candidate.id);
    if (slot == slots_.end() || slot->second.node->parent == nullptr) return nullptr;
    const Node& node = *slot->second.node;
    const bool same_place = node.parent->id == candidate.parent->id && node.name == candidate.name;
    return same_place && node.looks_like(candidate) ? &slot->second : nullptr;
}

// The same element with another key takes no memory, so the place is never without a node.
void Catalogue::take_place(const Node* node) {
    const auto older = places_.find(node);
    if (older == places_.end()) {
        places_.insert(node);
        return;
    }
    auto element = places_.extract(older);
    element.value() = node;
    places_.insert(std::move(element));
}

NodePtr Catalogue::renew(Slot& slot, Node candidate) {
    candidate.serial = slot.node->serial;
    const auto node = std::make_shared<const Node>(std::move(candidate));
    take_place(node.get());
    slot.node = node;
    ++slot.lookups;
    return node;
}

NodePtr Catalogue::adopt(Node candidate) {
    const std::lock_guard guard(mutex_);
    if (const Node* known = current(candidate.parent->id, candidate.name, candidate.identity))
        return count(*known);
    if (Slot* slot = like(candidate)) return renew(*slot, std::move(candidate));
    candidate.id = free_id(candidate);
    candidate.serial = ++last_serial_;
    const auto node = std::make_shared<const Node>(std::move(candidate));
    const auto slot = slots_.emplace(node->id, Slot{node, 1}).first;
    try {
        take_place(node.get());
    } catch (const std::bad_alloc&) {
        slots_.erase(slot);
        throw;
    }
    return node;
}

std::uint64_t Catalogue::id_for(const Node& candidate) const {
    const std::lock_guard guard(mutex_);
    const auto place = places_.find(Place{candidate.parent->id, candidate.name});
    if (place != places_.end() && ((*place)->identity == candidate.identity || (*place)->id == candidate.id))
        return (*place)->id;
    return free_id(candidate);
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

}  // namespace famfs::service
