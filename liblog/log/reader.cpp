#include "liblog/log/reader.h"

#include <algorithm>

namespace famfs::log {
namespace {

constexpr std::uint64_t entries_per_read = 2048;  // about 1 MiB

}  // namespace

Result<omf::LogHeader> read_header(device::Memory& memory, std::uint64_t log_length) {
    omf::LogHeaderBytes bytes;
    if (auto read = memory.read(omf::log_offset, bytes); !read) return std::unexpected(read.error());
    const auto header = omf::decode_log_header(bytes, log_length);
    if (header) return *header;
    return fail(ErrorKind::corrupt, EUCLEAN,
                memory.description().path + ": " + omf::describe(header.error()));
}

Reader::Reader(device::Memory& memory, std::uint64_t first, std::uint64_t end)
    : memory_(memory), index_(first), end_(std::max(first, end)) {}

Result<void> Reader::fill() {
    const std::uint64_t count = std::min(entries_per_read, end_ - index_);
    buffer_.resize(count * omf::entry_bytes);
    if (auto read = memory_.read(omf::entry_offset(index_), buffer_); !read) return read;
    buffered_ = count;
    return {};
}

Result<std::span<const std::byte, omf::entry_bytes>> Reader::next() {
    if (buffered_ == 0)
        if (auto filled = fill(); !filled) return std::unexpected(filled.error());
    const std::size_t at = buffer_.size() - buffered_ * omf::entry_bytes;
    --buffered_;
    ++index_;
    return std::span<const std::byte, omf::entry_bytes>(buffer_.data() + at, omf::entry_bytes);
}

Result<omf::EntryBytes> Reader::reread() const {
    omf::EntryBytes bytes;
    if (auto read = memory_.read(omf::entry_offset(index_ - 1), bytes); !read)
        return std::unexpected(read.error());
    return bytes;
}

}  // namespace famfs::log
