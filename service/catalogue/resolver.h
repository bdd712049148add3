// From names in the shadow tree to nodes of the catalogue.
#pragma once

#include "liblog/shadow/document.h"
#include "service/catalogue/catalogue.h"
#include "service/log.h"
#include "service/outcome.h"
#include "service/shadow/id_cache.h"
#include "service/shadow/root.h"

#include <sys/stat.h>

#include <string>
#include <string_view>

namespace famfs::service {

struct Resolved {
    NodePtr node;
    struct stat attributes;
};

// Thread safe. Everything it refers to must outlive it.
class Resolver {
  public:
    // `context` is what documents are read against; without one they are shown as they are.
    Resolver(const ShadowRoot& shadow, Catalogue& catalogue, IdCache& ids, Log& log,
             const famfs::shadow::DocumentContext* context)
        : shadow_(shadow), catalogue_(catalogue), ids_(ids), log_(log), context_(context) {}

    // The root's node, for the catalogue to begin with.
    static Result<Node> root(const ShadowRoot& shadow);

    // The node of `name` in `parent`, with one more lookup counted for it. A document is parsed only if this
    // one was not parsed before; what is neither a directory nor a readable document becomes an unusable
    // node, and a line in the log says why. `base` is a descriptor of the parent's shadow directory, or -1.
    Outcome<Resolved> resolve(const NodePtr& parent, std::string_view name, int base = -1) const;

    // The id that it has, or would have; no lookup is counted.
    Outcome<std::uint64_t> id_of(const NodePtr& parent, std::string_view name, int base) const;

    // As they are now. ESTALE if the node's shadow directory is gone.
    Outcome<struct stat> attributes(const Node& node) const;

  private:
    struct Place;

    Outcome<Place> place_of(const NodePtr& parent, std::string_view name, int base) const;
    Outcome<Node> make(const NodePtr& parent, std::string_view name, const Place& place) const;
    Outcome<void> parse(Node& node, const Place& place) const;
    void refuse(const std::string& place, std::string_view why) const;

    const ShadowRoot& shadow_;
    Catalogue& catalogue_;
    IdCache& ids_;
    Log& log_;
    const famfs::shadow::DocumentContext* context_;
};

}  // namespace famfs::service
