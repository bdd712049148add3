// A path as the log stores it: relative to the mount root, at most 79 bytes, any bytes but NUL.
#pragma once

#include "omf/constants.h"
#include "omf/violation.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace famfs::omf {

// A path that keeps the rules: not empty, not absolute, no empty, "." or ".." component, at most 79 bytes.
// A value without allocation.
class Path {
  public:
    // Checks `text` against the rules above. `.meta` is not refused here: see is_reserved().
    static std::expected<Path, Violation> parse(std::string_view text);

    // The 80-byte field of an entry: needs a NUL in it.
    static std::expected<Path, Violation> decode(std::span<const std::byte, path_field> field);

    void encode(std::span<std::byte, path_field> field) const;

    std::string_view view() const { return {bytes_.data(), size_}; }
    std::string_view parent() const;  // "" for a path of one component
    std::string_view name() const;    // the last component

    // `.meta` and what is below it: names that belong to the daemon, never to the log.
    bool is_reserved() const;

    bool operator==(const Path& other) const { return view() == other.view(); }

  private:
    std::array<char, path_field> bytes_{};
    std::uint8_t size_ = 0;
};

// Whether all of `text` is UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

// `text` for messages: backslashes, bytes that are not UTF-8, and the bytes of characters that a terminal
// would obey or not show (control, format, separator, private-use) are written as \xNN.
std::string printable(std::string_view text);

// The same for a whole message, whose parts may have been through printable() already: backslashes are left.
std::string one_line(std::string message);

}  // namespace famfs::omf
