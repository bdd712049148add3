// Replies that do not go through libfuse, so that the sender knows how they went.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "liblog/file_descriptor.h"
#include "service/data/buffer_pool.h"
#include "service/outcome.h"

#include <linux/fuse.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace famfs::fused {

// Through it bytes go from a file's pages to the kernel's reader without a copy in between.
struct ReplyPipe {
    FileDescriptor reading;
    FileDescriptor writing;
    std::size_t room = 0;  // bytes, page by page; 0: there are no pipes to be had
};

// As many pipes as replies were under way at once. Thread safe.
class PipePool {
  public:
    ReplyPipe take();
    // An empty one, for the next reply.
    void put(ReplyPipe pipe) noexcept;

  private:
    std::mutex mutex_;
    std::vector<ReplyPipe> free_;
};

// Tells the kernel that the request failed with that errno, unless it waits for no answer.
void send_error(int connection, const fuse_in_header& request, int code);

// A reply of these bytes. The errno, if the kernel could not take them: out of a mapping it is the one to
// load them. The request is answered in any case.
Outcome<void> send_bytes(int connection, const fuse_in_header& request, std::span<const std::byte> bytes);
Outcome<void> send_memory(int connection, const fuse_in_header& request, std::span<const Piece> pieces);

// The same with pieces that lie in files, at least in part, and fit the pipe. If one cannot be read, the
// request is answered with the errno, which is returned. After an error the pipe is not to be used again.
// EINVAL: these files cannot be spliced, and the request is not answered.
Outcome<void> send_files(int connection, const fuse_in_header& request, std::span<const Piece> pieces,
                         const ReplyPipe& pipe);

}  // namespace famfs::fused
