// CPU cache maintenance for memory that other hosts share.
#pragma once

#include <cstddef>
#include <span>

namespace famfs::device {

inline constexpr std::size_t cache_line = 64;  // bytes

// Starts writing the dirty lines of `bytes` back to memory; they may stay cached. Each line once. Not
// ordered: store_fence() after it is. x86: CLWB, else CLFLUSHOPT, else CLFLUSH; AArch64: dc cvac.
void write_back_lines(std::span<const std::byte> bytes);

// Writes back and drops the lines of `bytes`, then a full fence: later loads come from memory.
// x86: CLFLUSHOPT, else CLFLUSH; AArch64: dc civac.
void invalidate_lines(std::span<const std::byte> bytes);

// Orders write_back_lines() and stores before it against those after it.
void store_fence();

}  // namespace famfs::device
