#include "famfs-fused/data/pipe_limit.h"

#include "famfs-fused/data/buffer_pool.h"
#include "liblog/file_descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace famfs::fused {

std::size_t pipe_limit() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return 0;
    const FileDescriptor reading(ends[0]);
    const FileDescriptor writing(ends[1]);
    constexpr int generous = 4 * static_cast<int>(max_request);
    for (int size = generous; size > 0; size /= 2) {
        if (::fcntl(writing.get(), F_SETPIPE_SZ, size) >= size) return static_cast<std::size_t>(size);
    }
    return 0;
}

}  // namespace famfs::fused
