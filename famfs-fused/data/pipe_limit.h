// How much of a reply fits a pipe, through which bytes go from a file to the kernel without a copy of ours.
#pragma once

#include <cstddef>

namespace famfs::fused {

// Bytes, page by page: all of the largest request and some, or what an ordinary user's pipe may hold. 0 if
// there are no pipes to be had.
std::size_t pipe_limit();

}  // namespace famfs::fused
