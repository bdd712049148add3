// What is asked of a text before yaml-cpp sees it, and where yaml-cpp's answers need the text once more.
#pragma once

#include "omf/error.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace famfs::shadow::yaml {

// kind corrupt. Line and column (in bytes) count from 1.
Error wrong_at(std::size_t line, std::size_t column, std::string_view why);

std::string_view without_byte_order_mark(std::string_view text);

// `text` is untrusted. Fails for what is not UTF-8, and for the characters that YAML 1.1 (5.1) keeps out of a
// document. Of a carriage return, versions of yaml-cpp think differently unless a line feed follows.
Result<void> check_characters(std::string_view text);

// The word at byte `at` of `text` for which yaml-cpp said null ("~", "null" …), as documents hold text only;
// "" if the value is missing, when a key may stand there.
std::string_view null_word(std::string_view text, std::size_t at, bool is_key);

// yaml-cpp 0.7 gives the escapes \N and \_ as the bytes 85 and A0, which stand alone nowhere in UTF-8: with
// the characters in their place. No value if any other byte stands alone.
std::optional<std::string> as_utf8(std::string_view value);

}  // namespace famfs::shadow::yaml
