// What the daemon's inner parts return: a value, or the errno that the kernel gets.
#pragma once

#include <expected>

namespace famfs::service {

template <typename T>
using Outcome = std::expected<T, int>;

}  // namespace famfs::service
