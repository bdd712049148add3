#include "service/files/file_service.h"

#include "service/files/permissions.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace famfs::service {

namespace {

std::uint64_t first_device_bytes(const Devices& devices) {
    return devices.memories().empty() ? 0 : devices.memories().front()->size();
}

// The devices' memories are there as far as this process has them: with iomap the kernel has them alone, and
// with yaml there are none.
omf::Uuid file_system_of(const Devices& devices) {
    return devices.memories().empty() ? omf::Uuid{} : devices.table().file_system;
}

int wanted_by(int flags) {
    switch (flags & O_ACCMODE) {
        case O_RDONLY:
            return R_OK;
        case O_WRONLY:
            return W_OK;
        default:
            return R_OK | W_OK;
    }
}

bool differs(const auto& wanted, const auto& there) {
    return wanted && *wanted != there;
}

// What is there is there for good: size, mode and owner. The one change there is is none: truncate() to the
// size that the file has, with the times that come along, chmod() to its mode.
bool changes_nothing(const Node& node, const Changes& changes) {
    constexpr mode_t permission_bits = 07777;
    if (changes.times && !changes.size) return false;
    if (!changes.size && !changes.mode && !changes.uid && !changes.gid) return true;
    if (node.kind != NodeKind::file) return false;
    const auto mode = changes.mode ? std::optional(*changes.mode & permission_bits) : std::nullopt;
    return !differs(changes.size, node.size) && !differs(mode, node.mode) &&
           !differs(changes.uid, node.uid) && !differs(changes.gid, node.gid);
}

}  // namespace

FileService::FileService(const Policy& policy, ShadowRoot shadow, Devices devices,
                         const MakeDataPath& make_data_path, Node root, Log& log)
    : policy_(policy),
      log_(log),
      shadow_(std::move(shadow)),
      devices_(std::move(devices)),
      context_(devices_.context()),
      pool_(devices_.memories(), file_system_of(devices_), log_),
      data_(make_data_path(shadow_, devices_)),
      catalogue_(std::move(root)),
      ids_(shadow_, log_),
      resolver_(shadow_, catalogue_, ids_, log_, data_->shows_documents() ? nullptr : &context_),
      statfs_cache_(shadow_, log_, first_device_bytes(devices_)) {}

Result<std::unique_ptr<FileService>> FileService::create(const Policy& policy, ShadowRoot shadow,
                                                         Devices devices, const MakeDataPath& make_data_path,
                                                         Log& log) {
    auto root = Resolver::root(shadow);
    if (!root) return std::unexpected(root.error());
    return std::unique_ptr<FileService>(new FileService(policy, std::move(shadow), std::move(devices),
                                                        make_data_path, std::move(*root), log));
}

Outcome<NodePtr> FileService::node_of(std::uint64_t id) const {
    NodePtr node = catalogue_.find(id);
    if (!node) return std::unexpected(ESTALE);
    return node;
}

Outcome<NodePtr> FileService::file_of(std::uint64_t id) {
    auto node = node_of(id);
    if (!node) return node;
    if (pool_.gone()) return std::unexpected(EIO);
    if ((*node)->kind == NodeKind::directory) return std::unexpected(EISDIR);
    if ((*node)->kind == NodeKind::unusable) return std::unexpected(EUCLEAN);
    return node;
}

Outcome<NodePtr> FileService::file_to_map(std::uint64_t id) const {
    auto node = node_of(id);
    if (!node) return node;
    if ((*node)->kind == NodeKind::directory) return std::unexpected(EISDIR);
    if ((*node)->kind != NodeKind::file) return std::unexpected(EUCLEAN);
    return node;
}

// Its shadow directory, for the time of one request. ESTALE if that is gone or another one by now.
Outcome<ListedDirectory> FileService::directory_of(std::uint64_t id) {
    auto node = node_of(id);
    if (!node) return std::unexpected(node.error());
    if ((*node)->kind != NodeKind::directory) return std::unexpected(ENOTDIR);
    if (pool_.gone()) return std::unexpected(EIO);
    const std::string place = path_of(**node);
    auto directory = shadow_.open_directory(place);
    struct stat status{};
    if (directory && ::fstat(directory->get(), &status) != 0) directory = std::unexpected(errno);
    if (!directory) {
        const int code = log_.fault(place, "shadow directory", directory.error());
        return std::unexpected(code == ENOENT ? ESTALE : code);
    }
    if (identity_of(status) != (*node)->identity) return std::unexpected(ESTALE);
    return ListedDirectory{std::move(*node), std::move(*directory)};
}

Outcome<void> FileService::check(const Caller& caller, const Node& node, int wanted) const {
    if (!policy_.checks_permissions) return {};
    const auto status = resolver_.attributes(node);
    if (!status) return std::unexpected(status.error());
    return check_access(*status, caller, wanted);
}

Outcome<Resolved> FileService::lookup(const Caller& caller, std::uint64_t parent, std::string_view name) {
    const auto directory = node_of(parent);
    if (!directory) return std::unexpected(directory.error());
    if (pool_.gone()) return std::unexpected(EIO);
    if ((*directory)->kind != NodeKind::directory) return std::unexpected(ENOTDIR);
    if (const auto allowed = check(caller, **directory, X_OK); !allowed)
        return std::unexpected(allowed.error());
    return resolver_.resolve(*directory, name);
}

Outcome<Resolved> FileService::lookup(const Caller& caller, const ListedDirectory& parent,
                                      std::string_view name) {
    if (const auto allowed = check(caller, *parent.node, X_OK); !allowed)
        return std::unexpected(allowed.error());
    return resolver_.resolve(parent.node, name, parent.descriptor.get());
}

void FileService::forget(std::uint64_t node, std::uint64_t count) {
    if (const NodePtr gone = catalogue_.forget(node, count)) data_->forget(*gone);
}

Outcome<struct stat> FileService::attributes(std::uint64_t id) const {
    const auto node = node_of(id);
    if (!node) return std::unexpected(node.error());
    return resolver_.attributes(**node);
}

Outcome<struct stat> FileService::change_attributes(std::uint64_t id, const Changes& changes) const {
    const auto node = node_of(id);
    if (!node) return std::unexpected(node.error());
    if (policy_.read_only || !changes_nothing(**node, changes)) return std::unexpected(refusal());
    return resolver_.attributes(**node);
}

// Superblock and log are written by the verbs, which lock the pool and go past the mount; only where the
// kernel has the device to itself may there be no other way. Set-id bits cannot be dropped when a file is
// written, since they are the log's: so only root may write there.
bool FileService::may_be_written(const Node& node, const Caller& caller) const {
    if (node.all_hosts_read) return false;
    if (is_metadata(node) && !data_->kernel_has_devices()) return false;
    return caller.uid == 0 || (node.mode & (S_ISUID | S_ISGID)) == 0;
}

Outcome<void> FileService::admit(const Caller& caller, const Node& node, int flags) const {
    const bool writes = (flags & O_ACCMODE) != O_RDONLY;
    if (const auto allowed = check(caller, node, wanted_by(flags)); !allowed) return allowed;
    if (writes && policy_.read_only) return std::unexpected(EROFS);
    if (writes && !may_be_written(node, caller)) return std::unexpected(EPERM);
    if ((flags & O_TRUNC) != 0 && node.size != 0) return std::unexpected(refusal());
    return {};
}

Outcome<OpenFile> FileService::open(const Caller& caller, std::uint64_t id, int flags) {
    auto node = file_of(id);
    if (!node) return std::unexpected(node.error());
    if (const auto admitted = admit(caller, **node, flags); !admitted)
        return std::unexpected(admitted.error());
    const auto opened = data_->open(**node);
    if (!opened) return std::unexpected(opened.error());
    const int wanted = wanted_by(flags);
    return OpenFile{.node = std::move(*node),
                    .readable = (wanted & R_OK) != 0,
                    .writable = (wanted & W_OK) != 0,
                    .backing_id = opened->backing_id};
}

Outcome<OpenFile> FileService::vouched(std::uint64_t id) {
    auto node = file_of(id);
    if (!node) return std::unexpected(node.error());
    return OpenFile{.node = std::move(*node), .readable = true, .writable = true};
}

Outcome<std::span<const Piece>> FileService::read(const OpenFile& file, std::uint64_t offset,
                                                  std::size_t length, Buffer& buffer, std::size_t pipe_room) {
    if (!file.readable) return std::unexpected(EBADF);
    const std::uint64_t size = file.node->size;
    const std::uint64_t start = std::min(offset, size);
    const auto room = std::min<std::uint64_t>({length, max_request, size - start});
    return data_->read(*file.node, start, room, buffer, pipe_room);
}

Outcome<std::uint64_t> FileService::write(const OpenFile& file, std::uint64_t offset,
                                          std::span<const std::byte> bytes) {
    if (!file.writable) return std::unexpected(EBADF);
    if (policy_.read_only) return std::unexpected(EROFS);
    const std::uint64_t size = file.node->size;
    if (!bytes.empty() && offset >= size) return std::unexpected(EFBIG);
    const auto room = bytes.empty() ? 0 : std::min<std::uint64_t>(bytes.size(), size - offset);
    if (const auto stored = data_->write(*file.node, offset, bytes.first(room)); !stored)
        return std::unexpected(stored.error());
    return room;
}

Outcome<void> FileService::sync(const OpenFile& file) {
    return data_->sync(*file.node);
}

Outcome<std::uint64_t> FileService::seek(const OpenFile& file, std::uint64_t offset, int whence) const {
    if (whence != SEEK_DATA && whence != SEEK_HOLE) return std::unexpected(EINVAL);
    if (offset >= file.node->size) return std::unexpected(ENXIO);
    return whence == SEEK_DATA ? offset : file.node->size;
}

// The directory is opened to see that it can be, and again by each request that reads it: whoever holds
// directories open holds no descriptor of ours.
Outcome<std::uint64_t> FileService::open_directory(const Caller& caller, std::uint64_t id) {
    const auto directory = directory_of(id);
    if (!directory) return std::unexpected(directory.error());
    if (const auto allowed = check(caller, *directory->node, R_OK); !allowed)
        return std::unexpected(allowed.error());
    return directories_.open();
}

void FileService::close_directory(std::uint64_t handle) {
    directories_.close(handle);
}

Outcome<void> FileService::list(std::uint64_t id, std::uint64_t handle, off_t offset, const Visit& visit) {
    const auto node = node_of(id);
    if (!node) return std::unexpected(node.error());
    if (!directories_.knows(handle)) return std::unexpected(EBADF);
    const auto directory = directory_of(id);
    if (!directory) return std::unexpected(directory.error());
    const StreamLease stream(directories_, handle);
    (*stream).seek(offset);
    for (bool any = false;; any = true) {
        const auto entry = (*stream).peek(directory->descriptor.get());
        if (!entry && (entry.error() == ENOENT || any)) return {};
        if (!entry) return std::unexpected(log_.fault(path_of(**node), "shadow directory", entry.error()));
        if (!visit(*directory, *entry)) return {};
        (*stream).advance();
    }
}

Outcome<std::uint64_t> FileService::inode_number(const ListedDirectory& directory,
                                                 std::string_view name) const {
    const Node& node = *directory.node;
    if (name == ".") return node.id;
    if (name == "..") return node.parent ? node.parent->id : node.id;
    return resolver_.id_of(directory.node, name, directory.descriptor.get());
}

int FileService::refusal() const {
    return policy_.read_only ? EROFS : EPERM;
}

int FileService::refuse_removal(std::uint64_t parent, std::string_view name) const {
    const auto directory = node_of(parent);
    if (!directory) return refusal();
    const auto there = shadow_.look(shadow_.descriptor(), path_of(**directory, name));
    return there || there.error() != ENOENT ? refusal() : ENOENT;
}

}  // namespace famfs::service
