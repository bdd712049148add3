// An owned file descriptor.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace famfs {

// Never 0, 1 or 2, whatever is closed: a message for standard error must not end up in a pool.
class FileDescriptor {
  public:
    FileDescriptor() = default;
    // Takes what a system call returned. -1 stays -1 and errno as it is; the same if there is no other number
    // for a standard one.
    explicit FileDescriptor(int descriptor)
        : descriptor_(is_standard(descriptor) ? move_up(descriptor) : descriptor) {}
    FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~FileDescriptor() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    int get() const { return descriptor_; }
    explicit operator bool() const { return descriptor_ >= 0; }
    int release() { return std::exchange(descriptor_, -1); }

  private:
    static bool is_standard(int descriptor) { return descriptor >= 0 && descriptor <= STDERR_FILENO; }
    static int move_up(int descriptor) {
        const int moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        const int code = errno;
        ::close(descriptor);
        errno = code;
        return moved;
    }

    int descriptor_ = -1;
};

}  // namespace famfs
