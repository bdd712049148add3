// The kernel's directory handles, which cost the daemon nothing: no descriptor, and no memory that grows with
// their number.
#pragma once

#include "service/shadow/directory_stream.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace famfs::service {

// Handles are numbers that are never used again. What was read ahead for a handle is kept between its
// requests, for so many handles as were read last; the others read anew from where they are. Thread safe.
class OpenDirectories {
  public:
    static constexpr std::size_t max_streams = 64;

    OpenDirectories() { streams_.reserve(max_streams); }

    std::uint64_t open();
    bool knows(std::uint64_t handle) const;

    // The handle's stream as put() left it, or a fresh one at offset 0.
    std::unique_ptr<DirectoryStream> take(std::uint64_t handle);
    void put(std::uint64_t handle, std::unique_ptr<DirectoryStream> stream) noexcept;
    void close(std::uint64_t handle);

  private:
    struct Kept {
        std::uint64_t handle = 0;
        std::unique_ptr<DirectoryStream> stream;
    };

    mutable std::mutex mutex_;
    std::uint64_t last_ = 0;
    std::vector<Kept> streams_;  // the one that was put last stands at the end
};

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

}  // namespace famfs::service
