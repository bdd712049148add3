// How a file's bytes get to those who read and write it.
#pragma once

#include "famfs-fused/catalogue/node.h"
#include "famfs-fused/data/buffer_pool.h"
#include "famfs-fused/iomap/map_service.h"
#include "famfs-fused/outcome.h"
#include "omf/error.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace famfs::fused {

// What the answer to an OPEN carries.
struct Opened {
    std::int32_t backing_id = 0;  // of the file that the kernel reads and writes in its place; 0 for none
};

// What a data path has a mount's INIT say.
struct InitAnswer {
    std::uint64_t flags = 0;                         // of those offered, to take
    std::string note = "no flag for the data path";  // one clause, for the log
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

    // Answers the kernel's questions for maps; none where it is not to ask.
    virtual MapService* maps() { return nullptr; }

    // What the answer to INIT takes for this path's sake. Called once, before any file is opened.
    virtual InitAnswer answer_init(const InitOffer&) { return {}; }

    // The connection to the kernel; once, before the first request.
    virtual void connected(int) {}

    // Whether this kernel does what the path needs. Call once INIT is answered.
    virtual Result<void> ready() const { return {}; }

    // Says no to a file that this path cannot serve.
    virtual Outcome<Opened> open(const Node& node) = 0;

    // The kernel has given the node back; it is not open.
    virtual void forget(const Node&) {}

    // The pieces of the range, in order; valid as long as `buffer`, which they may lie in.
    virtual Outcome<std::span<const Piece>> read(const Node& node, std::uint64_t offset, std::size_t length,
                                                 Buffer& buffer) = 0;

    // Writes all of `bytes`; when it returns, other hosts may see them.
    virtual Outcome<void> write(const Node& node, std::uint64_t offset, std::span<const std::byte> bytes) = 0;

    // Everything written to the file is where the memory keeps it, and this host's next read comes from
    // there.
    virtual Outcome<void> sync(const Node& node) = 0;
};

}  // namespace famfs::fused
