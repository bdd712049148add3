#include "famfs-fused/fuse/ops/support.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace famfs::fused::ops {

namespace {

constexpr std::size_t max_listing = 256 * 1024;  // bytes of one reply
constexpr std::size_t smallest_entry = 128;      // bytes of one with attributes, at least

// One reply under way: entries go in until one does not fit.
class Listing {
  public:
    Listing(fuse_req_t request, std::size_t size, bool with_attributes)
        : request_(request),
          server_(server_of(request)),
          with_attributes_(with_attributes),
          reply_(std::min(size, max_listing)) {
        if (with_attributes_) counted_.reserve(reply_.size() / smallest_entry + 1);
    }

    // Takes back what the kernel was not told of.
    ~Listing();
    Listing(const Listing&) = delete;
    Listing& operator=(const Listing&) = delete;

    // False: there is no room for it.
    bool add(const ListedDirectory& directory, const DirectoryEntry& entry);
    // An entry did not fit although there was none before it.
    bool is_too_small() const { return full_ && used_ == 0; }
    void send();

  private:
    fuse_entry_param look_up(const ListedDirectory& directory, const DirectoryEntry& entry);
    std::size_t put(const char* name, const fuse_entry_param* entry, off_t next, char* at,
                    std::size_t room) const;

    fuse_req_t request_;
    Server& server_;
    bool with_attributes_;
    std::vector<char> reply_;
    std::size_t used_ = 0;
    bool full_ = false;
    // Nodes with a lookup that the kernel will know of. There is room from the start, so that each that is
    // counted can be taken back.
    std::vector<std::uint64_t> counted_;
    bool sent_ = false;
};

Listing::~Listing() {
    if (sent_) return;
    for (const std::uint64_t id : counted_)
        server_.service().forget(id, 1);
}

std::size_t Listing::put(const char* name, const fuse_entry_param* entry, off_t next, char* at,
                         std::size_t room) const {
    if (with_attributes_) return fuse_add_direntry_plus(request_, at, room, name, entry, next);
    return fuse_add_direntry(request_, at, room, name, entry != nullptr ? &entry->attr : nullptr, next);
}

// Without a nodeid, which a name that just went away has, the kernel takes the name alone.
fuse_entry_param Listing::look_up(const ListedDirectory& directory, const DirectoryEntry& entry) {
    fuse_entry_param param{};
    if (with_attributes_ && entry.name != "." && entry.name != "..") {
        if (const auto found = server_.service().lookup(caller_of(request_), directory, entry.name)) {
            counted_.push_back(found->node->id);
            return entry_of(server_, *found);
        }
    }
    const auto number = server_.service().inode_number(directory, entry.name);
    param.attr.st_ino = number ? *number : entry.inode;
    param.attr.st_mode = entry.type == DT_DIR ? S_IFDIR : S_IFREG;
    return param;
}

bool Listing::add(const ListedDirectory& directory, const DirectoryEntry& entry) {
    full_ = put(entry.name.data(), nullptr, 0, nullptr, 0) > reply_.size() - used_;
    if (full_) return false;
    const fuse_entry_param param = look_up(directory, entry);
    used_ += put(entry.name.data(), &param, entry.next, reply_.data() + used_, reply_.size() - used_);
    return true;
}

void Listing::send() {
    sent_ = fuse_reply_buf(request_, reply_.data(), used_) == 0;
}

void list(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t offset, const fuse_file_info& file,
          bool with_attributes) {
    Listing listing(request, size, with_attributes);
    const auto visit = [&listing](const ListedDirectory& directory, const DirectoryEntry& entry) {
        return listing.add(directory, entry);
    };
    const auto listed = service_of(request).list(node, file.fh, offset, visit);
    if (!listed) {
        fuse_reply_err(request, listed.error());
    } else if (listing.is_too_small()) {
        fuse_reply_err(request, EINVAL);
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
