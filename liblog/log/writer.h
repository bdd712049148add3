// Appends to the metadata log. Only the master may, one process at a time: see device/lock.h.
#pragma once

#include "liblog/device/memory.h"
#include "omf/entry.h"
#include "omf/error.h"
#include "omf/log_header.h"

namespace famfs::log {

// Pre: the caller holds the writer lock, and has read `header` since it took it. Not thread safe.
class Writer {
  public:
    Writer(device::Memory& memory, const omf::LogHeader& header) : memory_(memory), header_(header) {}

    std::uint64_t next_index() const { return header_.next_index; }
    std::uint64_t free_entries() const { return header_.capacity() - header_.next_index; }

    // Makes `entry` visible to every host: its bytes, write back, fence, the header's tail, write back,
    // fence. Fails with ENOSPC when the log is full; the log is unchanged then. If the header could not be
    // written, it may or may not count the entry, and nothing more is appended. Returns the entry's index.
    Result<std::uint64_t> append(const omf::Entry& entry);

  private:
    device::Memory& memory_;
    omf::LogHeader header_;
    bool doubtful_ = false;  // the header in memory may be ahead of header_
};

}  // namespace famfs::log
