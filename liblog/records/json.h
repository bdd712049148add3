// What all JSON of ours has in common. Names and paths are bytes, JSON strings are not: control bytes,
// backslashes and bytes that are not UTF-8 are written as \xNN, as omf::printable() does.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace famfs::records {

using Json = nlohmann::ordered_json;

// A string value for text of any bytes.
Json bytes(std::string_view text);

// One document, indented, with a final newline.
std::string document(const Json& value);

// A member of an object that came from outside; no value if `object` is none, has no such member, or it is
// of another type. bytes_at() is the inverse of bytes().
std::optional<std::string> bytes_at(const Json& object, const char* key);
std::optional<std::uint64_t> number_at(const Json& object, const char* key);
std::optional<bool> flag_at(const Json& object, const char* key);

}  // namespace famfs::records
