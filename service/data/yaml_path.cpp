#include "service/data/yaml_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace famfs::service {

namespace {

class YamlPath final : public DataPath {
  public:
    YamlPath(const ShadowRoot& shadow, Log& log) : shadow_(shadow), log_(log) {}

    std::string_view name() const override { return "yaml"; }
    bool shows_documents() const override { return true; }
    Outcome<Opened> open(const Node& node) override;
    Outcome<std::span<const Piece>> read(const Node& node, std::uint64_t offset, std::size_t length,
                                         Buffer& buffer, std::size_t pipe_room) override;
    Outcome<void> write(const Node&, std::uint64_t, std::span<const std::byte>) override {
        return std::unexpected(EROFS);
    }
    Outcome<void> sync(const Node&) override { return {}; }

  private:
    Outcome<FileDescriptor> open_document(const Node& node) const;

    const ShadowRoot& shadow_;
    Log& log_;
};

// The document that the node was made from; ESTALE if another one has its place by now.
Outcome<FileDescriptor> YamlPath::open_document(const Node& node) const {
    auto document = shadow_.open_file(shadow_.descriptor(), path_of(node));
    if (!document) return std::unexpected(log_.fault(path_of(node), "document", document.error()));
    struct stat status{};
    if (::fstat(document->get(), &status) != 0) return std::unexpected(errno);
    if (identity_of(status) != node.identity) return std::unexpected(ESTALE);
    return document;
}

Outcome<Opened> YamlPath::open(const Node& node) {
    const auto document = open_document(node);
    if (!document) return std::unexpected(document.error());
    return Opened{};
}

Outcome<std::span<const Piece>> YamlPath::read(const Node& node, std::uint64_t offset, std::size_t length,
                                               Buffer& buffer, std::size_t) {
    const auto document = open_document(node);
    if (!document) return std::unexpected(document.error());
    const auto room = buffer.bytes().first(length);
    const ssize_t got = ::pread(document->get(), room.data(), room.size(), static_cast<off_t>(offset));
    if (got < 0) return std::unexpected(log_.fault(path_of(node), "document", errno));
    buffer.pieces().assign({Piece{.memory = room.data(), .length = static_cast<std::size_t>(got)}});
    return std::span<const Piece>(buffer.pieces());
}

}  // namespace

std::unique_ptr<DataPath> make_yaml_path(const ShadowRoot& shadow, Log& log) {
    return std::make_unique<YamlPath>(shadow, log);
}

}  // namespace famfs::service
