#include "famfs-fused/ops/support.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace famfs::fused::ops {

namespace {

constexpr std::size_t max_listing = 256 * 1024;  // bytes of one reply
constexpr std::size_t smallest_entry = 128;          // bytes of one with attributes, at least

// One reply under way: entries go in until one does not fit.
class Listing {
  public:
    Listing(fuse_req_t request, NodePtr directory, std::size_t size, bool with_attributes)
        : request_(request),
          server_(server_of(request)),
          directory_(std::move(directory)),
          with_attributes_(with_attributes),
          reply_(std::min(size, max_listing)) {
        if (with_attributes_) counted_.reserve(reply_.size() / smallest_entry + 1);
    }

    // Takes back what the kernel was not told of.
    ~Listing();
    Listing(const Listing&) = delete;
    Listing& operator=(const Listing&) = delete;

    // 0, or an errno if there was nothing to say but that.
    int collect(DirectoryStream& stream, int base, off_t offset);
    void send();

  private:
    bool fits(const DirectoryEntry& entry) const;
    void add(const DirectoryEntry& entry, int base);
    fuse_entry_param look_up(const DirectoryEntry& entry, int base);
    std::size_t put(const char* name, const fuse_entry_param* entry, off_t next, char* at,
                    std::size_t room) const;

    fuse_req_t request_;
    Server& server_;
    NodePtr directory_;
    bool with_attributes_;
    std::vector<char> reply_;
    std::size_t used_ = 0;
    // Nodes with a lookup that the kernel will know of. There is room from the start, so that each that is
    // counted can be taken back.
    std::vector<std::uint64_t> counted_;
    bool sent_ = false;
};

Listing::~Listing() {
    if (sent_) return;
    for (const std::uint64_t id : counted_)
        forget_node(server_, id, 1);
}

std::size_t Listing::put(const char* name, const fuse_entry_param* entry, off_t next, char* at,
                         std::size_t room) const {
    if (with_attributes_) return fuse_add_direntry_plus(request_, at, room, name, entry, next);
    return fuse_add_direntry(request_, at, room, name, entry != nullptr ? &entry->attr : nullptr, next);
}

bool Listing::fits(const DirectoryEntry& entry) const {
    return put(entry.name.data(), nullptr, 0, nullptr, 0) <= reply_.size() - used_;
}

// Without a nodeid, which a name that just went away has, the kernel takes the name alone.
fuse_entry_param Listing::look_up(const DirectoryEntry& entry, int base) {
    fuse_entry_param param{};
    if (with_attributes_ && entry.name != "." && entry.name != "..") {
        if (const auto resolved = server_.resolver.resolve(directory_, entry.name, base)) {
            counted_.push_back(resolved->node->id);
            return entry_of(server_, *resolved);
        }
    }
    param.attr.st_ino = entry.inode;
    param.attr.st_mode = entry.type == DT_DIR ? S_IFDIR : S_IFREG;
    return param;
}

void Listing::add(const DirectoryEntry& entry, int base) {
    const fuse_entry_param param = look_up(entry, base);
    used_ += put(entry.name.data(), &param, entry.next, reply_.data() + used_, reply_.size() - used_);
}

int Listing::collect(DirectoryStream& stream, int base, off_t offset) {
    stream.seek(offset);
    for (;;) {
        const auto entry = stream.peek(base);
        if (!entry) return entry.error() == ENOENT || used_ > 0 ? 0 : entry.error();
        if (!fits(*entry)) return used_ > 0 ? 0 : EINVAL;
        add(*entry, base);
        stream.advance();
    }
}

void Listing::send() {
    sent_ = fuse_reply_buf(request_, reply_.data(), used_) == 0;
}

// A handle's stream, which goes back for the handle's next request.
class StreamLease {
  public:
    StreamLease(OpenDirectories& directories, std::uint64_t handle)
        : directories_(directories), handle_(handle), stream_(directories.take(handle)) {}
    ~StreamLease() { directories_.put(handle_, std::move(stream_)); }
    StreamLease(const StreamLease&) = delete;
    StreamLease& operator=(const StreamLease&) = delete;

    DirectoryStream& operator*() const { return *stream_; }

  private:
    OpenDirectories& directories_;
    std::uint64_t handle_;
    std::unique_ptr<DirectoryStream> stream_;
};

void list(fuse_req_t request, fuse_ino_t id, std::size_t size, off_t offset, const fuse_file_info& file,
          bool with_attributes) {
    Server& server = server_of(request);
    const auto node = node_of(request, id);
    if (!node || !server.directories.knows(file.fh)) {
        fuse_reply_err(request, node ? EBADF : node.error());
        return;
    }
    const auto directory = open_directory(server, **node);
    if (!directory) {
        fuse_reply_err(request, directory.error());
        return;
    }
    Listing listing(request, *node, size, with_attributes);
    int code = 0;
    {
        const StreamLease stream(server.directories, file.fh);
        code = listing.collect(*stream, directory->get(), offset);
    }
    if (code != 0) {
        fuse_reply_err(request, server.log.fault(path_of(**node), "shadow directory", code));
    } else {
        listing.send();
    }
}

}  // namespace

void readdir(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t offset, fuse_file_info* file) {
    list(request, node, size, offset, *file, false);
}

void readdirplus(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t offset, fuse_file_info* file) {
    list(request, node, size, offset, *file, true);
}

}  // namespace famfs::fused::ops
