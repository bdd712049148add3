// Page-aligned buffers for the bytes of one request, kept for the next one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <vector>

namespace famfs::service {

inline constexpr std::size_t max_request = 1 << 20;  // bytes of data in one read or write

// A stretch of a reply's bytes: in memory, or still in a file.
struct Piece {
    const std::byte* memory = nullptr;
    int descriptor = -1;       // of the file, if memory is null
    std::uint64_t offset = 0;  // in the file
    std::size_t length = 0;
};

class Buffer {
  public:
    Buffer() : bytes_(static_cast<std::byte*>(::operator new(max_request, alignment))) {}

    std::span<std::byte> bytes() { return {bytes_.get(), max_request}; }
    // What makes up a reply, in order.
    std::vector<Piece>& pieces() { return pieces_; }

  private:
    static constexpr std::align_val_t alignment{4096};
    struct Release {
        void operator()(std::byte* bytes) const { ::operator delete(bytes, alignment); }
    };
    std::unique_ptr<std::byte, Release> bytes_;
    std::vector<Piece> pieces_;
};

// As many buffers as requests were under way at once. Thread safe.
class BufferPool {
  public:
    struct Return {
        BufferPool* pool;
        void operator()(Buffer* buffer) const { pool->put(std::unique_ptr<Buffer>(buffer)); }
    };
    using Lease = std::unique_ptr<Buffer, Return>;

    // The pool must outlive the lease.
    Lease take() {
        const std::lock_guard guard(mutex_);
        if (free_.empty()) return Lease(new Buffer, Return{this});
        Lease lease(free_.back().release(), Return{this});
        free_.pop_back();
        return lease;
    }

  private:
    void put(std::unique_ptr<Buffer> buffer) noexcept try {
        const std::lock_guard guard(mutex_);
        free_.push_back(std::move(buffer));
    } catch (const std::bad_alloc&) {
        return;  // no room to keep it: let it go
    }

    std::mutex mutex_;
    std::vector<std::unique_ptr<Buffer>> free_;
};

}  // namespace famfs::service
