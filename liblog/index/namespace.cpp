#include "liblog/index/namespace.h"

#include <sodium/crypto_shorthash.h>
#include <sodium/randombytes.h>

#include <algorithm>
#include <cstring>

namespace famfs::index {
namespace {

static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == sizeof(std::uint64_t));

std::uint64_t hash(const std::array<unsigned char, 16>& key, std::span<const unsigned char> bytes) {
    std::uint64_t value = 0;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&value), bytes.data(), bytes.size(), key.data());
    return value;
}

std::array<unsigned char, 16> random_key() {
    std::array<unsigned char, 16> key{};
    randombytes_buf(key.data(), key.size());
    return key;
}

template <typename T>
std::span<const T> copy(std::span<const T> items, std::pmr::memory_resource& memory) {
    if (items.empty()) return {};
    auto* const made = static_cast<T*>(memory.allocate(items.size_bytes(), alignof(T)));
    std::ranges::copy(items, made);
    return {made, items.size()};
}

}  // namespace

// The parent's id and the name, in one run of bytes; longer names than a directory entry may have are cut
// into pieces, each hashed with what was before it.
std::uint64_t Namespace::hash_of(const Inode& parent, std::string_view name) const {
    std::array<unsigned char, sizeof(InodeId) + 256> bytes;
    std::uint64_t before = parent.id;
    do {
        const std::string_view piece = name.substr(0, bytes.size() - sizeof before);
        name.remove_prefix(piece.size());
        std::memcpy(bytes.data(), &before, sizeof before);
        std::memcpy(bytes.data() + sizeof before, piece.data(), piece.size());
        before = hash(key_, std::span(bytes).first(sizeof before + piece.size()));
    } while (!name.empty());
    return before;
}

std::size_t Namespace::IdHash::operator()(const Inode* inode) const {
    std::array<unsigned char, sizeof inode->id> bytes;
    std::memcpy(bytes.data(), &inode->id, bytes.size());
    return hash(key, bytes);
}

Namespace::Namespace()
    : key_(random_key()),
      names_(0, NameHash{}, SameName{}),
      ids_(0, IdHash{random_key()}, SameId{}),
      children_(1) {
    inodes_.push_back({.id = root_inode, .kind = InodeKind::directory});
    root_ = &inodes_.front();
    ids_.insert(root_);
}

void Namespace::reserve(std::size_t count) {
    names_.reserve(names_.size() + count);
    ids_.reserve(ids_.size() + count);
}

std::expected<const Inode*, NameError> Namespace::add(Inode inode) {
    if (!inode.parent->is_directory()) return std::unexpected(NameError::parent_not_directory);
    if (inode.id == no_inode) return std::unexpected(NameError::id_taken);
    inode.name_hash = hash_of(*inode.parent, inode.name);
    Inode& made = inodes_.emplace_back(inode);
    if (!names_.insert(&made).second) {
        inodes_.pop_back();
        return std::unexpected(NameError::name_taken);
    }
    if (!ids_.insert(&made).second) {
        names_.erase(&made);
        inodes_.pop_back();
        return std::unexpected(NameError::id_taken);
    }
    const std::span<const char> name = copy(std::span<const char>(made.name), memory_);
    made.name = {name.data(), name.size()};
    made.extents = copy(made.extents, memory_);
    if (made.is_directory()) {
        made.children = static_cast<std::uint32_t>(children_.size());
        children_.emplace_back();
    }
    auto& siblings = children_[made.parent->children];
    siblings.insert(std::ranges::upper_bound(siblings, made.id, {}, &Inode::id), &made);
    return &made;
}

std::expected<const Inode*, NameError> Namespace::add_file(InodeId id, const Inode& parent,
                                                           std::string_view name,
                                                           const Attributes& attributes,
                                                           omf::LayoutView layout) {
    return add({.id = id,
                .parent = &parent,
                .attributes = attributes,
                .chunk_size = layout.chunk_size,
                .name = name,
                .extents = layout.extents,
                .kind = InodeKind::file});
}

std::expected<const Inode*, NameError> Namespace::add_directory(InodeId id, const Inode& parent,
                                                                std::string_view name,
                                                                const Attributes& attributes) {
    return add(
        {.id = id, .parent = &parent, .attributes = attributes, .name = name, .kind = InodeKind::directory});
}

const Inode* Namespace::find(InodeId id) const {
    const Inode wanted{.id = id};
    const auto found = ids_.find(&wanted);
    return found == ids_.end() ? nullptr : *found;
}

const Inode* Namespace::lookup(const Inode& directory, std::string_view name) const {
    const Inode wanted{.parent = &directory, .name = name, .name_hash = hash_of(directory, name)};
    const auto found = names_.find(&wanted);
    return found == names_.end() ? nullptr : *found;
}

const Inode* Namespace::resolve(std::string_view path) const {
    const Inode* inode = root_;
    while (!path.empty() && inode != nullptr) {
        const auto slash = std::min(path.find('/'), path.size());
        inode = lookup(*inode, path.substr(0, slash));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return inode;
}

const Inode* Namespace::next_child(const Inode& directory, InodeId after) const {
    if (!directory.is_directory()) return nullptr;
    const auto& children = children_[directory.children];
    const auto next = std::ranges::upper_bound(children, after, {}, &Inode::id);
    return next == children.end() ? nullptr : *next;
}

std::size_t Namespace::child_count(const Inode& directory) const {
    return directory.is_directory() ? children_[directory.children].size() : 0;
}

std::string Namespace::path_of(const Inode& inode) const {
    std::string path;
    for (const Inode* at = &inode; at->parent != nullptr; at = at->parent)
        path.insert(0, path.empty() ? std::string(at->name) : std::string(at->name) + '/');
    return path;
}

}  // namespace famfs::index
