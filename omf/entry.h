// Log entries: the values they say, and their 544 bytes.
#pragma once

#include "omf/constants.h"
#include "omf/layout.h"
#include "omf/path.h"
#include "omf/uuid.h"
#include "omf/violation.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <variant>

namespace famfs::omf {

// A file: what the log, the shadow document, the kernel maps and the command line's output all say.
struct File {
    Path path;
    std::uint64_t size = 0;
    std::uint32_t flags = flag_read_write;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t mode = 0644;  // permission bits
    Layout layout;
};

struct Directory {
    Path path;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t mode = 0755;  // permission bits
};

// A further device of the pool. Indexes are dense, from 1, in log order.
struct DaxDevice {
    std::uint64_t size = 0;
    Uuid uuid;
    std::uint32_t index = 0;
};

using Entry = std::variant<File, Directory, DaxDevice>;
using EntryBytes = std::array<std::byte, entry_bytes>;

EntryBytes encode_entry(std::uint64_t index, const Entry& entry);

// Decodes slot `index`. Checked here: crc, seqnum, type, path, mode bits, extent type and counts. Not
// checked: whatever needs the rest of the pool (check_layout, liblog/index/index.h). Never allocates; any
// bytes are safe.
std::expected<Entry, Violation> decode_entry(std::span<const std::byte, entry_bytes> bytes,
                                             std::uint64_t index);

// The crc that the entry carries, right or wrong: enough to tell one entry from another.
std::uint64_t stored_crc(std::span<const std::byte, entry_bytes> bytes);

// The path that an entry's bytes claim, for a message about an entry that was refused; "" if it has none.
// Not checked in any way, and at most 80 bytes.
std::string_view claimed_path(std::span<const std::byte, entry_bytes> bytes);

}  // namespace famfs::omf
