#include "famfs-fused/fuse/ops/support.h"

#include <cerrno>
#include <string>
#include <string_view>

namespace famfs::fused::ops {

namespace {

// How many requests came is the wire's to tell, of the mount as a whole.
Outcome<std::string> value_of(const Server& server, fuse_ino_t node, std::string_view name) {
    if (name == "user.famfs.requests" && node == FUSE_ROOT_ID) return server.requests.json();
    return server.service().extended_attribute(node, name);
}

}  // namespace

void getxattr(fuse_req_t request, fuse_ino_t node, const char* name, std::size_t size) {
    const auto value = value_of(server_of(request), node, name);
    if (!value) {
        fuse_reply_err(request, value.error());
    } else if (size == 0) {
        fuse_reply_xattr(request, value->size());
    } else if (value->size() > size) {
        fuse_reply_err(request, ERANGE);
    } else {
        fuse_reply_buf(request, value->data(), value->size());
    }
}

// The names above are answered but not listed: what copies a file with its attributes would carry them along
// to where they are not true.
void listxattr(fuse_req_t request, fuse_ino_t, std::size_t size) {
    if (size == 0) {
        fuse_reply_xattr(request, 0);
    } else {
        fuse_reply_buf(request, nullptr, 0);
    }
}

void setxattr(fuse_req_t request, fuse_ino_t, const char*, const char*, std::size_t, int) {
    fuse_reply_err(request, EOPNOTSUPP);
}

void removexattr(fuse_req_t request, fuse_ino_t, const char*) {
    fuse_reply_err(request, EOPNOTSUPP);
}

}  // namespace famfs::fused::ops
