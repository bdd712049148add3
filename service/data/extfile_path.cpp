#include "service/data/extfile_path.h"

#include "liblog/file_io.h"

#include <cerrno>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <unordered_map>

namespace famfs::service {

namespace {

// Gives a new backing back, unless it is kept.
class NewBacking {
  public:
    NewBacking(BackingRegistrar& registrar, std::int32_t id) : registrar_(registrar), id_(id) {}
    NewBacking(const NewBacking&) = delete;
    NewBacking& operator=(const NewBacking&) = delete;
    ~NewBacking() {
        if (!kept_) registrar_.close(id_);
    }
    void keep() { kept_ = true; }

  private:
    BackingRegistrar& registrar_;
    std::int32_t id_;
    bool kept_ = false;
};

// One backing file a node, from its first open until the kernel forgets it: while a file is open, every other
// open of it must name the same one. The daemon keeps no descriptor of it.
class ExtfilePath final : public DataPath {
  public:
    ExtfilePath(const Devices& devices, BackingRegistrar& registrar, Log& log)
        : devices_(devices), registrar_(registrar), log_(log) {}

    std::string_view name() const override { return "extfile"; }
    Outcome<Opened> open(const Node& node) override;
    void forget(const Node& node) override;

    // The kernel moves the bytes, but asks for those that it wants in a cache of its own.
    Outcome<std::span<const Piece>> read(const Node& node, std::uint64_t offset, std::size_t length,
                                         Buffer& buffer, std::size_t pipe_room) override;
    Outcome<void> write(const Node& node, std::uint64_t offset, std::span<const std::byte> bytes) override;
    Outcome<void> sync(const Node& node) override;

  private:
    Outcome<FileDescriptor> open_file(const Node& node) const;
    std::optional<std::int32_t> find(const Node& node);
    std::int32_t keep(const Node& node, std::int32_t backing);
    int refused(const Node& node, const Error& error) const;

    const Devices& devices_;
    BackingRegistrar& registrar_;
    Log& log_;
    std::shared_mutex mutex_;  // of backings_; never held while the kernel is asked for something
    std::unordered_map<std::uint64_t, std::int32_t> backings_;  // by node serial
};

int ExtfilePath::refused(const Node& node, const Error& error) const {
    log_.about_file(path_of(node), error.message);
    return error.code;
}

Outcome<FileDescriptor> ExtfilePath::open_file(const Node& node) const {
    auto file = devices_.extents()->open_file(node.layout(), node.size, devices_.access());
    if (!file) return std::unexpected(refused(node, file.error()));
    return std::move(*file);
}

std::optional<std::int32_t> ExtfilePath::find(const Node& node) {
    const std::shared_lock guard(mutex_);
    const auto known = backings_.find(node.serial);
    return known == backings_.end() ? std::nullopt : std::optional(known->second);
}

// The backing of the node from now on: this one, unless another thread was faster.
std::int32_t ExtfilePath::keep(const Node& node, std::int32_t backing) {
    const std::unique_lock guard(mutex_);
    return backings_.emplace(node.serial, backing).first->second;
}

// An empty file has no bytes to pass through, and the kernel asks for none. Two that open a file at once for
// the first time may each make a backing of the one extent file: the second is given back.
Outcome<Opened> ExtfilePath::open(const Node& node) {
    if (node.size == 0) return Opened{};
    if (const auto known = find(node)) return Opened{*known};
    const auto file = open_file(node);
    if (!file) return std::unexpected(file.error());
    const auto backing = registrar_.open(file->get());
    if (!backing) return std::unexpected(refused(node, fail_errno(backing.error(), "passthrough").error()));
    NewBacking made(registrar_, *backing);
    const std::int32_t kept = keep(node, *backing);
    if (kept == *backing) made.keep();
    return Opened{kept};
}

void ExtfilePath::forget(const Node& node) {
    std::unique_lock guard(mutex_);
    const auto last = backings_.extract(node.serial);
    guard.unlock();
    if (last) registrar_.close(last.mapped());
}

Outcome<std::span<const Piece>> ExtfilePath::read(const Node& node, std::uint64_t offset, std::size_t length,
                                                  Buffer& buffer, std::size_t) {
    auto& pieces = buffer.pieces();
    pieces.clear();
    if (length == 0) return std::span<const Piece>(pieces);
    const auto file = open_file(node);
    if (!file) return std::unexpected(file.error());
    const auto got = read_at(file->get(), buffer.bytes().first(length), offset);
    if (!got) return std::unexpected(refused(node, got.error()));
    if (*got < length) return std::unexpected(log_.fault(path_of(node), "read", EIO));
    pieces.push_back({.memory = buffer.bytes().data(), .length = length});
    return std::span<const Piece>(pieces);
}

Outcome<void> ExtfilePath::write(const Node& node, std::uint64_t offset, std::span<const std::byte> bytes) {
    if (bytes.empty()) return {};
    const auto file = open_file(node);
    if (!file) return std::unexpected(file.error());
    Result<void> stored = write_at(file->get(), bytes, offset);
    if (stored) stored = device::ExtentControl::write_back(file->get(), offset, bytes.size());
    if (!stored) return std::unexpected(refused(node, stored.error()));
    return {};
}

Outcome<void> ExtfilePath::sync(const Node& node) {
    if (node.size == 0) return {};
    const auto file = open_file(node);
    if (!file) return std::unexpected(file.error());
    if (auto done = device::ExtentControl::invalidate_file(file->get(), node.size); !done)
        return std::unexpected(refused(node, done.error()));
    return {};
}

}  // namespace

std::unique_ptr<DataPath> make_extfile_path(const Devices& devices, BackingRegistrar& registrar, Log& log) {
    return std::make_unique<ExtfilePath>(devices, registrar, log);
}

}  // namespace famfs::service
