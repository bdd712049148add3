// Small files, whole, and loops around short reads and writes.
#pragma once

#include "omf/error.h"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace famfs {

// Reads until `out` is full or the file ends; returns how many bytes. An errno in the error's `code`.
Result<std::size_t> read_at(int descriptor, std::span<std::byte> out, std::uint64_t offset);

// Writes all of `bytes`.
Result<void> write_at(int descriptor, std::span<const std::byte> bytes, std::uint64_t offset);

// Whose files are read. A directory that others can write too may hold theirs.
enum class Owner {
    anyone,
    trusted,  // root or the effective user
};

// The content of a regular file `name` in `directory` (AT_FDCWD allowed), at most `limit` bytes: EFBIG above.
// Never follows a symlink in the last place and never waits: kind corrupt for a fifo, a device or a socket,
// kind refused, EPERM, for another owner than asked for.
Result<std::string> read_file(int directory, const std::string& name, std::size_t limit,
                              Owner owner = Owner::anyone);

enum class Durability { none, synced };  // whether the content is on the disk before the name is

// Replaces `name` in `directory`: written as `temporary` in the same directory, then renamed. The umask does
// not touch `mode`. Whatever lies there under the temporary name is removed, never written into; call it
// under a lock on the directory, or in one that is the caller's alone.
Result<void> replace_file(int directory, const std::string& temporary, const std::string& name,
                          std::string_view content, mode_t mode, Durability durability = Durability::none);

}  // namespace famfs
