// The file system, as operations on values: what a server translates its protocol to. It knows no FUSE.
#pragma once

#include "service/catalogue/catalogue.h"
#include "service/catalogue/resolver.h"
#include "service/data/buffer_pool.h"
#include "service/data/data_path.h"
#include "service/device/devices.h"
#include "service/device/pool_watch.h"
#include "service/files/caller.h"
#include "service/files/policy.h"
#include "service/log.h"
#include "service/shadow/id_cache.h"
#include "service/shadow/open_directories.h"
#include "service/shadow/root.h"
#include "service/shadow/statfs_cache.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace famfs::service {

// A file that was opened, or that somebody vouches for. Nothing is kept for it: it may be dropped at any
// time.
struct OpenFile {
    NodePtr node;
    bool readable = false;
    bool writable = false;
    std::int32_t backing_id = 0;  // of the file that the kernel uses in its place; 0 for none
};

// A directory that is being read; it holds a descriptor.
struct ListedDirectory {
    NodePtr node;
    FileDescriptor descriptor;
};

// What a SETATTR wants.
struct Changes {
    std::optional<std::uint64_t> size{};  // bytes
    std::optional<mode_t> mode{};
    std::optional<uid_t> uid{};
    std::optional<gid_t> gid{};
    bool times = false;
};

// Errors are errno values; those that are the system's fault are in the log, too. ESTALE: there is no node of
// that id. EIO for everything but attributes once the pool is gone. Thread safe.
class FileService {
  public:
    using MakeDataPath =
        std::function<std::unique_ptr<DataPath>(const ShadowRoot& shadow, const Devices& devices)>;

    // `devices` may be empty for a data path that needs none. `log`, and what the data path refers to, must
    // outlive it.
    static Result<std::unique_ptr<FileService>> create(const Policy& policy, ShadowRoot shadow,
                                                       Devices devices, const MakeDataPath& make_data_path,
                                                       Log& log);

    // Names. A lookup that succeeds is counted, until forget() takes it back; only then is a node dropped.
    Outcome<Resolved> lookup(const Caller& caller, std::uint64_t parent, std::string_view name);
    Outcome<Resolved> lookup(const Caller& caller, const ListedDirectory& parent, std::string_view name);
    void forget(std::uint64_t node, std::uint64_t count);

    Outcome<struct stat> attributes(std::uint64_t node) const;
    // Nothing of a file can be changed: EPERM or EROFS, but for changes that are none, such as a truncation
    // to the size that it has.
    Outcome<struct stat> change_attributes(std::uint64_t node, const Changes& changes) const;
    // As getxattr(2): "user.famfs.…". ENODATA, EOPNOTSUPP for names outside of "user.".
    Outcome<std::string> extended_attribute(std::uint64_t node, std::string_view name);

    // `flags` as for open(2): the access mode and O_TRUNC count.
    Outcome<OpenFile> open(const Caller& caller, std::uint64_t node, int flags);
    // Of a file that a kernel has opened, and keeps account of. EISDIR; EUCLEAN if its document is unusable.
    Outcome<OpenFile> vouched(std::uint64_t node);

    // Less than `length` bytes at the file's end, and never more than max_request. Otherwise as
    // DataPath::read().
    Outcome<std::span<const Piece>> read(const OpenFile& file, std::uint64_t offset, std::size_t length,
                                         Buffer& buffer, std::size_t pipe_room);
    // Returns how many bytes there was room for: a file's size is final. EFBIG at or past its end.
    Outcome<std::uint64_t> write(const OpenFile& file, std::uint64_t offset,
                                 std::span<const std::byte> bytes);
    Outcome<void> sync(const OpenFile& file);
    // SEEK_DATA and SEEK_HOLE: a file is data from its first byte to its last.
    Outcome<std::uint64_t> seek(const OpenFile& file, std::uint64_t offset, int whence) const;

    // Handles are numbers that cost nothing to keep.
    Outcome<std::uint64_t> open_directory(const Caller& caller, std::uint64_t node);
    void close_directory(std::uint64_t handle);
    // Shows the entries from `offset` on to `visit`, until that returns false; the entry that it was shown
    // last then comes first the next time. EBADF for a handle that was never given out.
    using Visit = std::function<bool(const ListedDirectory& directory, const DirectoryEntry& entry)>;
    Outcome<void> list(std::uint64_t node, std::uint64_t handle, off_t offset, const Visit& visit);

    // What stat(2) of the entry says, or would say; no lookup is counted.
    Outcome<std::uint64_t> inode_number(const ListedDirectory& directory, std::string_view name) const;

    struct statvfs statfs() { return statfs_cache_.current(); }

    // What making or removing a name is answered with: EPERM, or EROFS.
    int refusal() const;
    // The same for a name that is there; ENOENT for one that is not.
    int refuse_removal(std::uint64_t parent, std::string_view name) const;

    // A file whose map a kernel asks for.
    Outcome<NodePtr> file_to_map(std::uint64_t node) const;

    const Policy& policy() const { return policy_; }
    const ShadowRoot& shadow() const { return shadow_; }
    const Devices& devices() const { return devices_; }
    const DataPath& data() const { return *data_; }
    std::size_t nodes() const { return catalogue_.size(); }  // known to callers, the root included
    Log& log() const { return log_; }

  private:
    FileService(const Policy& policy, ShadowRoot shadow, Devices devices, const MakeDataPath& make_data_path,
                Node root, Log& log);

    Outcome<NodePtr> node_of(std::uint64_t id) const;
    Outcome<NodePtr> file_of(std::uint64_t id);
    Outcome<ListedDirectory> directory_of(std::uint64_t id);
    Outcome<void> check(const Caller& caller, const Node& node, int wanted) const;
    Outcome<void> admit(const Caller& caller, const Node& node, int flags) const;
    bool may_be_written(const Node& node, const Caller& caller) const;

    // In the order in which they need each other.
    const Policy policy_;
    Log& log_;
    const ShadowRoot shadow_;
    const Devices devices_;
    const famfs::shadow::DocumentContext context_;
    PoolWatch pool_;
    const std::unique_ptr<DataPath> data_;
    Catalogue catalogue_;
    IdCache ids_;
    const Resolver resolver_;
    StatfsCache statfs_cache_;
    OpenDirectories directories_;
};

}  // namespace famfs::service
