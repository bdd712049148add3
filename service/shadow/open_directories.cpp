#include "service/shadow/open_directories.h"

#include <algorithm>
#include <utility>

namespace famfs::service {

std::uint64_t OpenDirectories::open() {
    const std::lock_guard guard(mutex_);
    return ++last_;
}

bool OpenDirectories::knows(std::uint64_t handle) const {
    const std::lock_guard guard(mutex_);
    return handle > 0 && handle <= last_;
}

std::unique_ptr<DirectoryStream> OpenDirectories::take(std::uint64_t handle) {
    {
        const std::lock_guard guard(mutex_);
        const auto found = std::ranges::find(streams_, handle, &Kept::handle);
        if (found != streams_.end()) {
            auto stream = std::move(found->stream);
            streams_.erase(found);
            return stream;
        }
    }
    return std::make_unique<DirectoryStream>();
}

void OpenDirectories::put(std::uint64_t handle, std::unique_ptr<DirectoryStream> stream) noexcept {
    const std::lock_guard guard(mutex_);
    if (streams_.size() == max_streams) streams_.erase(streams_.begin());
    streams_.push_back({handle, std::move(stream)});  // there is room: reserved
}

void OpenDirectories::close(std::uint64_t handle) {
    const std::lock_guard guard(mutex_);
    std::erase_if(streams_, [handle](const Kept& kept) { return kept.handle == handle; });
}

}  // namespace famfs::service
