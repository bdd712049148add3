#include "service/catalogue/resolver.h"

#include <fmt/format.h>

#include <cerrno>
#include <climits>
#include <system_error>

namespace famfs::service {

namespace {

constexpr std::uint32_t permission_bits = 07777;

// Readable by everybody, so that an open gets as far as the reason.
constexpr std::uint32_t unusable_mode = 0444;

// Not what the document says, and perhaps over in a moment: not something to remember of the file.
bool is_passing(int code) {
    return code == EMFILE || code == ENFILE || code == ENOMEM || code == EINTR || code == EAGAIN ||
           code == ENOENT || code == ENOTDIR || code == EIO;
}

// Of these the directory may recover; others mean that it is not there.
bool is_fault(int code) {
    return is_passing(code) && code != ENOENT && code != ENOTDIR;
}

bool is_one_component(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

void take_owner(Node& node, const struct stat& status) {
    node.mode = status.st_mode & permission_bits;
    node.uid = status.st_uid;
    node.gid = status.st_gid;
}

// A directory's attributes are those of the shadow directory, but for its number.
struct stat shown(const Node& node, struct stat status) {
    if (node.kind != NodeKind::directory) return attributes_of(node);
    status.st_ino = node.id;
    return status;
}

std::string reason(int code) {
    if (code == EFBIG) return fmt::format("document over {} bytes", famfs::shadow::max_document);
    return std::generic_category().message(code);
}

}  // namespace

Result<Node> Resolver::root(const ShadowRoot& shadow) {
    const auto sighting = shadow.look(shadow.descriptor(), "");
    if (!sighting) return fail_errno(sighting.error(), shadow.directory() + "/root");
    Node node;
    node.kind = NodeKind::directory;
    node.identity = identity_of(sighting->status);
    take_owner(node, sighting->status);
    return node;
}

void Resolver::refuse(const std::string& place, std::string_view why) const {
    log_.about_file(place, why);
}

// A name that was looked at.
struct Resolver::Place {
    std::string full;  // from the root
    std::string path;  // from `base`
    int base = -1;
    struct stat status;
};

Outcome<Resolver::Place> Resolver::place_of(const NodePtr& parent, std::string_view name, int base) const {
    if (parent->kind != NodeKind::directory) return std::unexpected(ENOTDIR);
    if (!is_one_component(name)) return std::unexpected(EINVAL);
    Place place{.full = path_of(*parent, name), .path = "", .base = base, .status = {}};
    if (name.size() > NAME_MAX || place.full.size() >= PATH_MAX) return std::unexpected(ENAMETOOLONG);
    place.path = base < 0 ? place.full : std::string(name);
    if (base < 0) place.base = shadow_.descriptor();
    const auto sighting = shadow_.look(place.base, place.path);
    if (!sighting) return std::unexpected(log_.fault(place.full, "document", sighting.error()));
    place.status = sighting->status;
    return place;
}

Outcome<void> Resolver::parse(Node& node, const Place& place) const {
    const auto document = shadow_.read(place.base, place.path, famfs::shadow::max_document);
    if (!document && is_passing(document.error()))
        return std::unexpected(log_.fault(place.full, "document", document.error()));
    if (!document) {
        refuse(place.full, reason(document.error()));
        return {};
    }
    node.identity = identity_of(document->status);
    node.modified = document->status.st_mtim;
    const auto file = famfs::shadow::read_document(document->text, place.full, *context_);
    if (file) {
        node.id = file->id;
        node.describe(*file);
    } else {
        refuse(place.full, file.error().message);
    }
    return {};
}

Outcome<Node> Resolver::make(const NodePtr& parent, std::string_view name, const Place& place) const {
    Node node;
    node.parent = parent;
    node.name = name;
    node.identity = identity_of(place.status);
    node.modified = place.status.st_mtim;
    node.mode = unusable_mode;
    if (S_ISDIR(place.status.st_mode)) {
        node.kind = NodeKind::directory;
        take_owner(node, place.status);
    } else if (!S_ISREG(place.status.st_mode)) {
        refuse(place.full, "neither a directory nor a regular file in the shadow tree");
    } else if (context_ == nullptr) {
        node.kind = NodeKind::document;
        node.size = static_cast<std::uint64_t>(place.status.st_size);
        take_owner(node, place.status);
    } else if (const auto parsed = parse(node, place); !parsed) {
        return std::unexpected(parsed.error());
    }
    if (node.kind == NodeKind::unusable) return node;
    if (node.id == index::no_inode) node.id = index::fixed_inode(place.full);
    if (node.id == index::no_inode) node.id = ids_.find(place.full);
    return node;
}

Outcome<Resolved> Resolver::resolve(const NodePtr& parent, std::string_view name, int base) const {
    const auto place = place_of(parent, name, base);
    if (!place) return std::unexpected(place.error());
    NodePtr node = catalogue_.reuse(parent->id, name, identity_of(place->status));
    if (!node) {
        auto made = make(parent, name, *place);
        if (!made) return std::unexpected(made.error());
        const std::uint64_t wanted = made->id;
        node = catalogue_.adopt(std::move(*made));
        if (node->id != wanted && wanted != index::no_inode)
            refuse(place->full,
                   fmt::format("another file has its id, {}: its inode number is this host's", wanted));
    }
    return Resolved{node, shown(*node, place->status)};
}

Outcome<std::uint64_t> Resolver::id_of(const NodePtr& parent, std::string_view name, int base) const {
    const auto place = place_of(parent, name, base);
    if (!place) return std::unexpected(place.error());
    const std::uint64_t known = catalogue_.id_at(parent->id, name, identity_of(place->status));
    if (known != index::no_inode) return known;
    const auto made = make(parent, name, *place);
    if (!made) return std::unexpected(made.error());
    return catalogue_.id_for(*made);
}

Outcome<struct stat> Resolver::attributes(const Node& node) const {
    if (node.kind != NodeKind::directory) return attributes_of(node);
    const std::string place = path_of(node);
    const auto sighting = shadow_.look(shadow_.descriptor(), place);
    if (!sighting && is_fault(sighting.error()))
        return std::unexpected(log_.fault(place, "shadow directory", sighting.error()));
    if (!sighting || identity_of(sighting->status) != node.identity) return std::unexpected(ESTALE);
    if (sighting->status.st_nlink == 0) refuse(shadow_.directory(), "the shadow tree was removed");
    return shown(node, sighting->status);
}

}  // namespace famfs::service
