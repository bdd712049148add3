// Sizes and counts as people write and read them.
#pragma once

#include "omf/error.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace famfs::cli {

// Bytes, or a whole number with K, M, G or T (powers of 1024, either case, optionally followed by "iB").
// Anything else, or more than 2^63-1 bytes, is a usage error that names the text.
Result<std::uint64_t> parse_size(std::string_view text);

// "512 B", "4.0 KiB", "1.5 GiB".
std::string readable_size(std::uint64_t bytes);
// readable_size() with the exact number where that says more: "1.5 GiB (1610612737 bytes)".
std::string exact_size(std::uint64_t bytes);

// "1 file", "2 files".
std::string counted(std::uint64_t count, std::string_view singular, std::string_view plural);

}  // namespace famfs::cli
