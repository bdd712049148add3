// How a file's bytes get to those who read and write it.
#pragma once

#include "service/catalogue/node.h"
#include "service/data/buffer_pool.h"
#include "service/outcome.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace famfs::service {

// What the answer to an OPEN carries.
struct Opened {
    std::int32_t backing_id = 0;  // of the file that the kernel reads and writes in its place; 0 for none
};

// One for the whole mount. Thread safe. Ranges lie inside the node's size, and hold at most max_request
// bytes.
class DataPath {
  public:
    virtual ~DataPath() = default;
    DataPath() = default;
    DataPath(const DataPath&) = delete;
    DataPath& operator=(const DataPath&) = delete;

    virtual std::string_view name() const = 0;

    // Files show their documents, which nobody parses.
    virtual bool shows_documents() const { return false; }

    // The kernel has the devices to itself and moves the bytes: nobody else can, and it caches none.
    virtual bool kernel_has_devices() const { return false; }

    // Says no to a file that this path cannot serve.
    virtual Outcome<Opened> open(const Node& node) = 0;

    // The kernel has given the node back; it is not open.
    virtual void forget(const Node&) {}

    // The pieces of the range, in order; valid as long as `buffer`, which they may lie in. All lie in memory,
    // unless they fit a pipe of `pipe_room` bytes, page by page, behind a reply's header.
    virtual Outcome<std::span<const Piece>> read(const Node& node, std::uint64_t offset, std::size_t length,
                                                 Buffer& buffer, std::size_t pipe_room) = 0;

    // Writes all of `bytes`; when it returns, other hosts may see them.
    virtual Outcome<void> write(const Node& node, std::uint64_t offset, std::span<const std::byte> bytes) = 0;

    // Everything written to the file is where the memory keeps it, and this host's next read comes from
    // there.
    virtual Outcome<void> sync(const Node& node) = 0;
};

}  // namespace famfs::service
