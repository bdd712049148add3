#include "famfs-fused/fuse/ops/support.h"
#include "famfs-fused/fuse/server/connection.h"

#include <algorithm>

namespace famfs::fused::ops {

namespace {

constexpr unsigned max_background = 64;  // requests that the kernel sends ahead of being asked

void want(fuse_conn_info& connection, unsigned capability) {
    if ((connection.capable & capability) != 0) connection.want |= capability;
}

}  // namespace

// Requests must arrive in memory, not in a pipe: the session looks at them before libfuse does. Replies may
// leave through one.
void init(void* mount, fuse_conn_info* connection) {
    connection->max_read = static_cast<Connection*>(mount)->server().settings().max_read;
    connection->max_write = static_cast<unsigned>(std::min<std::size_t>(connection->max_write, max_request));
    connection->max_background = max_background;
    connection->want &= ~static_cast<unsigned>(FUSE_CAP_SPLICE_READ);
    want(*connection, FUSE_CAP_HANDLE_KILLPRIV);
    connection->want &= ~static_cast<unsigned>(FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
    if (static_cast<Connection*>(mount)->may_splice()) want(*connection, FUSE_CAP_SPLICE_WRITE);
    want(*connection, FUSE_CAP_ASYNC_READ);
    want(*connection, FUSE_CAP_PARALLEL_DIROPS);
}

}  // namespace famfs::fused::ops
