#include "liblog/log/writer.h"

#include <fmt/format.h>

namespace famfs::log {
namespace {

// Stores, writes back and fences one piece.
Result<void> publish(device::Memory& memory, std::uint64_t offset, std::span<const std::byte> bytes) {
    if (auto written = memory.write(offset, bytes); !written) return written;
    if (auto flushed = memory.write_back(offset, bytes.size()); !flushed) return flushed;
    memory.fence();
    return {};
}

}  // namespace

Result<std::uint64_t> Writer::append(const omf::Entry& entry) {
    if (doubtful_)
        return fail(ErrorKind::io, EIO,
                    fmt::format("{}: an earlier entry could not be written; run it again",
                                memory_.description().path));
    if (header_.full())
        return fail(
            ErrorKind::io, ENOSPC,
            fmt::format("{}: the log is full: {} entries", memory_.description().path, header_.capacity()));
    const std::uint64_t index = header_.next_index;
    const omf::EntryBytes bytes = omf::encode_entry(index, entry);
    if (auto done = publish(memory_, omf::entry_offset(index), bytes); !done)
        return std::unexpected(done.error());
    omf::LogHeader next = header_;
    next.next_index = index + 1;
    next.next_seqnum = index + 1;
    // One store: a reader must never see an index whose entry is not there yet.
    if (auto done = publish(memory_, omf::log_offset + omf::log_tail_offset, omf::encode_log_tail(next));
        !done) {
        doubtful_ = true;
        return std::unexpected(done.error());
    }
    header_ = next;
    return index;
}

}  // namespace famfs::log
