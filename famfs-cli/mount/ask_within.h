// Questions that may never be answered, such as one to a daemon that has stopped.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace famfs::cli {

// What `question` returns, from a process of its own; no value if it has not returned within `limit`, or
// could not be asked. Whatever holds it up then holds up nobody else. Call while there is one thread.
std::optional<std::string> ask_within(std::chrono::milliseconds limit,
                                      const std::function<std::string()>& question);

}  // namespace famfs::cli
