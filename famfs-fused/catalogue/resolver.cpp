#include "famfs-fused/catalogue/resolver.h"

#include <fmt/format.h>

#include <cerrno>
#include <climits>
#include <system_error>

namespace famfs::fused {

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

Outcome<void> Resolver::parse(Node& node, int base, const std::string& path, const std::string& place) const {
    const auto document = shadow_.read(base, path, famfs::shadow::max_document);
    if (!document && is_passing(document.error()))
        return std::unexpected(log_.fault(place, "document", document.error()));
    if (!document) {
        refuse(place, reason(document.error()));
        return {};
    }
    node.identity = identity_of(document->status);
    node.modified = document->status.st_mtim;
    const auto file = famfs::shadow::read_document(document->text, place, *context_);
    if (file) {
        node.describe(*file);
    } else {
        refuse(place, file.error().message);
    }
    return {};
}

Outcome<Node> Resolver::make(Node node, const struct stat& status, int base, const std::string& path,
                             const std::string& place) const {
    node.identity = identity_of(status);
    node.modified = status.st_mtim;
    node.mode = unusable_mode;
    if (S_ISDIR(status.st_mode)) {
        node.kind = NodeKind::directory;
        take_owner(node, status);
    } else if (!S_ISREG(status.st_mode)) {
        refuse(place, "neither a directory nor a regular file in the shadow tree");
    } else if (context_ == nullptr) {
        node.kind = NodeKind::document;
        node.size = static_cast<std::uint64_t>(status.st_size);
        take_owner(node, status);
    } else if (const auto parsed = parse(node, base, path, place); !parsed) {
        return std::unexpected(parsed.error());
    }
    return node;
}

Outcome<Resolved> Resolver::resolve(const NodePtr& parent, std::string_view name, int base) const {
    if (parent->kind != NodeKind::directory) return std::unexpected(ENOTDIR);
    if (!is_one_component(name)) return std::unexpected(EINVAL);
    const std::string place = path_of(*parent, name);
    if (name.size() > NAME_MAX || place.size() >= PATH_MAX) return std::unexpected(ENAMETOOLONG);
    const std::string path = base < 0 ? place : std::string(name);
    if (base < 0) base = shadow_.descriptor();

    const auto sighting = shadow_.look(base, path);
    if (!sighting) return std::unexpected(log_.fault(place, "document", sighting.error()));
    NodePtr node = catalogue_.reuse(parent->id, name, identity_of(sighting->status));
    if (!node) {
        Node candidate;
        candidate.parent = parent;
        candidate.name = name;
        auto made = make(std::move(candidate), sighting->status, base, path, place);
        if (!made) return std::unexpected(made.error());
        node = catalogue_.adopt(std::move(*made));
    }
    if (node->kind != NodeKind::directory) return Resolved{node, attributes_of(*node)};
    return Resolved{node, sighting->status};
}

Outcome<struct stat> Resolver::attributes(const Node& node) const {
    if (node.kind != NodeKind::directory) return attributes_of(node);
    const std::string place = path_of(node);
    const auto sighting = shadow_.look(shadow_.descriptor(), place);
    if (!sighting && is_fault(sighting.error()))
        return std::unexpected(log_.fault(place, "shadow directory", sighting.error()));
    if (!sighting || identity_of(sighting->status) != node.identity) return std::unexpected(ESTALE);
    if (sighting->status.st_nlink == 0) refuse(shadow_.directory(), "the shadow tree was removed");
    return sighting->status;
}

}  // namespace famfs::fused
