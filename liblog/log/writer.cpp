#include "liblog/log/writer.h"

#include "liblog/log/reader.h"

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

constexpr const char* in_doubt_text =
    "; whether the entry is in the log cannot be told; famfs fsck tells, and its space is left alone";

}  // namespace

// What is read now comes from the memory, past any cache of this host: what other hosts see too.
Writer::Outcome Writer::look_again(const omf::LogHeader& next) {
    const auto found = read_header(memory_, header_.log_length);
    if (!found) return Outcome::unknown;
    const auto counts = [&](const omf::LogHeader& header) {
        return found->next_index == header.next_index && found->next_seqnum == header.next_seqnum;
    };
    if (counts(next)) return Outcome::counted;
    return counts(header_) ? Outcome::not_counted : Outcome::unknown;
}

Result<std::uint64_t> Writer::append(const omf::Entry& entry) {
    if (in_doubt_)
        return fail(
            ErrorKind::io, EIO,
            fmt::format("{}: whether entry {} is in the log cannot be told, so nothing is appended; run "
                        "it again",
                        memory_.description().path, header_.next_index));
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
        const Outcome outcome = look_again(next);
        in_doubt_ = outcome == Outcome::unknown;
        if (outcome != Outcome::counted)
            return fail(done.error().kind, done.error().code,
                        done.error().message + (in_doubt_ ? in_doubt_text : ""));
    }
    header_ = next;
    return index;
}

}  // namespace famfs::log
