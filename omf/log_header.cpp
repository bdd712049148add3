#include "omf/log_header.h"

#include "omf/bytes.h"
#include "omf/crc32.h"

namespace famfs::omf {
namespace {

struct WireHeader {
    std::uint64_t magic, log_length, last_index, crc, next_seqnum, next_index;
};

static_assert(offsetof(WireHeader, crc) == 24 && offsetof(WireHeader, next_seqnum) == log_tail_offset);
static_assert(offsetof(WireHeader, next_index) == log_tail_offset + 8 &&
              sizeof(WireHeader) == log_header_bytes);

std::uint64_t crc_of(std::span<const std::byte> bytes) {
    return crc32(bytes.first(offsetof(WireHeader, crc)));
}

std::unexpected<Violation> broken(Rule rule, std::uint64_t value, std::uint64_t limit) {
    return std::unexpected(Violation{rule, value, limit});
}

}  // namespace

LogHeaderBytes encode_log_header(const LogHeader& header) {
    WireHeader wire{log_magic_number,   header.log_length, header.capacity() - 1, 0,
                    header.next_seqnum, header.next_index};
    LogHeaderBytes bytes;
    store(bytes, wire);
    wire.crc = crc_of(bytes);
    store(bytes, wire);
    return bytes;
}

LogTailBytes encode_log_tail(const LogHeader& header) {
    LogTailBytes bytes;
    store(bytes, header.next_seqnum);
    store(bytes, header.next_index, sizeof(header.next_seqnum));
    return bytes;
}

std::expected<LogHeader, Violation> decode_log_header(std::span<const std::byte, log_header_bytes> bytes,
                                                      std::uint64_t log_length) {
    const auto wire = load<WireHeader>(bytes);
    if (wire.magic != log_magic_number) return broken(Rule::header_magic, wire.magic, log_magic_number);
    if (const std::uint64_t computed = crc_of(bytes); wire.crc != computed)
        return broken(Rule::header_crc, wire.crc, computed);
    if (wire.log_length != log_length) return broken(Rule::header_log_length, wire.log_length, log_length);
    const std::uint64_t capacity = entries_that_fit(log_length);
    if (wire.last_index != capacity - 1)
        return broken(Rule::header_last_index, wire.last_index, capacity - 1);
    if (wire.next_index > capacity) return broken(Rule::header_next_index, wire.next_index, capacity);
    return LogHeader{wire.log_length, wire.next_seqnum, wire.next_index};
}

}  // namespace famfs::omf
