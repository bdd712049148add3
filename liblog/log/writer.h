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
    // fence. Fails with ENOSPC when the log is full; the log is unchanged then. After a failure to write the
    // header it is read again: if it counts the entry, the entry is in the log; if it does not, the log is
    // as it was; if that cannot be told, in_doubt() is true and nothing more is appended. Returns the entry's
    // index.
    Result<std::uint64_t> append(const omf::Entry& entry);

    // Whether the last entry that was appended may be in the log although append() failed.
    bool in_doubt() const { return in_doubt_; }

  private:
    enum class Outcome { counted, not_counted, unknown };
    Outcome look_again(const omf::LogHeader& next);

    device::Memory& memory_;
    omf::LogHeader header_;
    bool in_doubt_ = false;  // the header in memory may be ahead of header_
};

}  // namespace famfs::log
