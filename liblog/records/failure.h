// How a program of ours tells the one that started it why it failed: a line of JSON on a descriptor that is
// for nothing else, so that nobody has to read it out of what was said to people.
#pragma once

#include "omf/error.h"

#include <optional>
#include <string>
#include <string_view>

namespace famfs::records {

// {"kind":"busy","errno":16,"message":"…"} and a newline.
std::string write_failure(const Error& error);

// The first line of `text`, untrusted; no value if it is nothing that write_failure() writes.
std::optional<Error> read_failure(std::string_view text);

}  // namespace famfs::records
