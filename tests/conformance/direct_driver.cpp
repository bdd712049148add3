// The file service, called.
#include "service/data/copy_path.h"
#include "service/files/file_service.h"
#include "tests/conformance/driver.h"
#include "tests/unit/kept_log.h"

#include <cerrno>

namespace famfs::conformance {

namespace {

using namespace service;

class DirectDriver final : public Driver {
  public:
    // `log` outlives the service.
    DirectDriver(std::unique_ptr<test::KeptLog> log, std::unique_ptr<FileService> service)
        : log_(std::move(log)), service_(std::move(service)) {}

    void become(const Caller& caller) override { caller_ = caller; }

    Outcome<struct stat> attributes(const std::string& path) override {
        return at(path, [&](std::uint64_t node) { return service_->attributes(node); });
    }
    Outcome<std::string> extended_attribute(const std::string& path, const std::string& name) override {
        return at(path, [&](std::uint64_t node) { return service_->extended_attribute(node, name); });
    }
    Outcome<std::vector<Entry>> list(const std::string& path) override {
        return at(path, [&](std::uint64_t node) { return list(node); });
    }
    Outcome<struct statvfs> statfs() override { return service_->statfs(); }

    Outcome<void> open(const std::string& path, int flags) override {
        return with(path, flags, [](const OpenFile&) { return Outcome<void>(); });
    }
    Outcome<std::string> read(const std::string& path, int flags, std::uint64_t offset,
                              std::size_t length) override {
        return with(path, flags, [&](const OpenFile& file) { return read(file, offset, length); });
    }
    Outcome<std::size_t> write(const std::string& path, int flags, std::uint64_t offset,
                               const std::string& bytes) override {
        return with(path, flags, [&](const OpenFile& file) -> Outcome<std::size_t> {
            return service_->write(file, offset, std::as_bytes(std::span(bytes)));
        });
    }
    Outcome<std::uint64_t> seek(const std::string& path, std::uint64_t offset, int whence) override {
        return with(path, 0, [&](const OpenFile& file) { return service_->seek(file, offset, whence); });
    }
    Outcome<void> sync(const std::string& path) override {
        return with(path, 0, [&](const OpenFile& file) { return service_->sync(file); });
    }

    Outcome<void> truncate(const std::string& path, std::uint64_t size) override {
        return change(path, {.size = size});
    }
    Outcome<void> change_mode(const std::string& path, mode_t mode) override {
        return change(path, {.mode = mode});
    }
    Outcome<void> make_directory(const std::string&) override { return std::unexpected(service_->refusal()); }
    Outcome<void> remove(const std::string& path) override {
        const auto slash = path.rfind('/');
        const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
        return at(parent, [&](std::uint64_t node) -> Outcome<void> {
            return std::unexpected(service_->refuse_removal(node, path.substr(slash + 1)));
        });
    }

  private:
    // What `use` says of the node at the path. Each lookup on the way is given back.
    template <typename Use>
    auto at(const std::string& path, const Use& use) -> decltype(use(std::uint64_t{})) {
        std::vector<std::uint64_t> way{Catalogue::root_id};
        auto done = walk(path, way);
        auto result = done ? use(way.back()) : std::unexpected(done.error());
        for (std::size_t i = 1; i < way.size(); ++i)
            service_->forget(way[i], 1);
        return result;
    }

    Outcome<void> walk(std::string_view path, std::vector<std::uint64_t>& way) {
        while (!path.empty()) {
            const auto slash = path.find('/');
            const auto found = service_->lookup(caller_, way.back(), path.substr(0, slash));
            if (!found) return std::unexpected(found.error());
            way.push_back(found->node->id);
            path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
        }
        return {};
    }

    template <typename Use>
    auto with(const std::string& path, int flags, const Use& use) -> decltype(use(OpenFile{})) {
        return at(path, [&](std::uint64_t node) -> decltype(use(OpenFile{})) {
            const auto file = service_->open(caller_, node, flags);
            if (!file) return std::unexpected(file.error());
            return use(*file);
        });
    }

    Outcome<std::string> read(const OpenFile& file, std::uint64_t offset, std::size_t length) {
        const auto buffer = buffers_.take();
        const auto pieces = service_->read(file, offset, length, *buffer, 0);
        if (!pieces) return std::unexpected(pieces.error());
        std::string bytes;
        for (const Piece& piece : *pieces)
            bytes.append(reinterpret_cast<const char*>(piece.memory), piece.length);
        return bytes;
    }

    Outcome<std::vector<Entry>> list(std::uint64_t node) {
        const auto handle = service_->open_directory(caller_, node);
        if (!handle) return std::unexpected(handle.error());
        std::vector<Entry> entries;
        const auto visit = [&](const ListedDirectory& directory, const DirectoryEntry& entry) {
            const auto number = service_->inode_number(directory, entry.name);
            entries.push_back({std::string(entry.name), number ? *number : 0});
            return true;
        };
        const auto listed = service_->list(node, *handle, 0, visit);
        service_->close_directory(*handle);
        if (!listed) return std::unexpected(listed.error());
        return entries;
    }

    Outcome<void> change(const std::string& path, const Changes& changes) {
        return at(path, [&](std::uint64_t node) -> Outcome<void> {
            const auto changed = service_->change_attributes(node, changes);
            if (!changed) return std::unexpected(changed.error());
            return {};
        });
    }

    std::unique_ptr<test::KeptLog> log_;
    std::unique_ptr<FileService> service_;
    BufferPool buffers_;
    Caller caller_;
};

Made cannot(const Error& error) {
    return {nullptr, error.message};
}

}  // namespace

Made make_direct_driver(const std::string& directory, bool read_only) {
    auto log = std::make_unique<test::KeptLog>();
    auto shadow = ShadowRoot::open(directory);
    if (!shadow) return cannot(shadow.error());
    auto devices = Devices::locate(*shadow, {});
    if (!devices) return cannot(devices.error());
    const auto access = read_only ? device::Access::read_only : device::Access::read_write;
    if (auto opened = devices->open(access); !opened) return cannot(opened.error());
    const auto make_data_path = [&](const ShadowRoot&, const Devices& opened) {
        return make_copy_path(opened, *log);
    };
    auto service = FileService::create({.read_only = read_only, .checks_permissions = true},
                                       std::move(*shadow), std::move(*devices), make_data_path, *log);
    if (!service) return cannot(service.error());
    return {std::make_unique<DirectDriver>(std::move(log), std::move(*service)), ""};
}

}  // namespace famfs::conformance
