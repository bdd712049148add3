// Reads the metadata log of a pool whose memory another host may be writing.
#pragma once

#include "liblog/device/memory.h"
#include "omf/entry.h"
#include "omf/error.h"
#include "omf/log_header.h"

#include <cstdint>
#include <vector>

namespace famfs::log {

// Copies the header out and checks the copy. kind corrupt if it is not a log of `log_length` bytes.
Result<omf::LogHeader> read_header(device::Memory& memory, std::uint64_t log_length);

// Hands out entries 0, 1, … in order, each from a private copy. Not thread safe.
class Reader {
  public:
    // Reads entries [first, end) of the log. Pre: end <= the log's capacity. The memory must outlive this.
    Reader(device::Memory& memory, std::uint64_t first, std::uint64_t end);

    bool at_end() const { return index_ == end_; }
    std::uint64_t index() const { return index_; }  // of the entry that next() will return

    // The copy of the next entry's bytes; they stay valid until the next call. Pre: !at_end().
    Result<std::span<const std::byte, omf::entry_bytes>> next();

    // Reads the entry that next() returned last once more, past any cache.
    Result<omf::EntryBytes> reread() const;

  private:
    Result<void> fill();

    device::Memory& memory_;
    std::uint64_t index_;
    std::uint64_t end_;
    std::uint64_t buffered_ = 0;  // entries of the buffer not handed out yet
    std::vector<std::byte> buffer_;
};

}  // namespace famfs::log
