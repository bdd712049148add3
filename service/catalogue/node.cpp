#include "service/catalogue/node.h"

#include <algorithm>

namespace famfs::service {

void Node::describe(const omf::File& file) {
    kind = NodeKind::file;
    size = file.size;
    mode = file.mode;
    uid = file.uid;
    gid = file.gid;
    all_hosts_read = file.flags == omf::flag_read_only;
    chunk_size = file.layout.chunk_size;
    extent_count = static_cast<std::uint8_t>(file.layout.extents.size());
    extents = std::make_unique<omf::Extent[]>(extent_count);
    std::ranges::copy(file.layout.extents, extents.get());
}

bool Node::looks_like(const Node& other) const {
    if (kind == NodeKind::directory) return other.kind == kind;  // the rest is asked for each time
    return kind == other.kind && size == other.size && mode == other.mode && uid == other.uid &&
           gid == other.gid && all_hosts_read == other.all_hosts_read && chunk_size == other.chunk_size &&
           std::ranges::equal(layout().extents, other.layout().extents);
}

std::string path_of(const Node& node) {
    std::size_t length = 0;
    for (const Node* at = &node; at->parent; at = at->parent.get())
        length += at->name.size() + 1;
    if (length == 0) return {};
    std::string path(length - 1, '/');
    std::size_t end = path.size();
    for (const Node* at = &node; at->parent; at = at->parent.get()) {
        end -= at->name.size();
        path.replace(end, at->name.size(), at->name);
        if (end > 0) --end;
    }
    return path;
}

std::string path_of(const Node& parent, std::string_view name) {
    std::string path = path_of(parent);
    if (!path.empty()) path += '/';
    path += name;
    return path;
}

bool is_metadata(const Node& node) {
    const Node* const directory = node.parent.get();
    return directory != nullptr && directory->name == ".meta" && directory->parent != nullptr &&
           directory->parent->parent == nullptr;
}

struct stat attributes_of(const Node& node) {
    constexpr std::uint64_t block = 512;
    std::uint64_t allocated = 0;
    for (const omf::Extent& extent : node.layout().extents)
        allocated += extent.length;
    if (node.kind != NodeKind::file) allocated = node.size;

    struct stat status{};
    status.st_ino = node.id;
    status.st_mode = S_IFREG | node.mode;
    status.st_nlink = 1;
    status.st_uid = node.uid;
    status.st_gid = node.gid;
    status.st_size = static_cast<off_t>(node.size);
    status.st_blksize = 4096;
    status.st_blocks = static_cast<blkcnt_t>(allocated / block + (allocated % block != 0 ? 1 : 0));
    status.st_atim = node.modified;
    status.st_mtim = node.modified;
    status.st_ctim = {.tv_sec = node.identity.seconds, .tv_nsec = node.identity.nanoseconds};
    return status;
}

}  // namespace famfs::service
