// Superblock and log header from any bytes. What is accepted must survive being written and read again.
#include "omf/superblock.h"

#include "fuzz.h"
#include "omf/bytes.h"
#include "omf/crc32.h"
#include "omf/log_header.h"

#include <algorithm>

using namespace famfs;

namespace {

// The first input byte says whether the crc is made right, so that the fuzzer gets past it.
template <std::size_t size>
std::array<std::byte, size> padded(std::span<const std::byte> input, bool mend, std::size_t covered) {
    std::array<std::byte, size> bytes{};
    std::copy_n(input.begin(), std::min(input.size(), size), bytes.begin());
    if (mend) omf::store(bytes, omf::crc32(std::span(bytes).first(covered)), covered);
    return bytes;
}

void try_superblock(std::span<const std::byte> input, bool mend) {
    const auto read = omf::decode_superblock(padded<omf::superblock_bytes>(input, mend, 96));
    if (!read) return fuzz::require(!omf::describe(read.error()).empty(), "a refusal has a reason");
    const auto again = omf::decode_superblock(omf::encode_superblock(*read));
    fuzz::require(again.has_value(), "what was read can be written");
    fuzz::require(again->log_length == read->log_length && again->system == read->system, "and is the same");
    (void)omf::check_fits(*read, omf::load<std::uint64_t>(padded<8>(input, false, 0)));
}

void try_header(std::span<const std::byte> input, bool mend) {
    const auto bytes = padded<omf::log_header_bytes>(input, mend, 24);
    const auto read =
        omf::decode_log_header(bytes, omf::load<std::uint64_t>(bytes, 8) | omf::minimum_log_length);
    if (!read) return fuzz::require(!omf::describe(read.error()).empty(), "a refusal has a reason");
    fuzz::require(read->next_index <= read->capacity(), "the index is within the log");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto input = fuzz::bytes_of(data + 1, size - 1);
    try_superblock(input, (data[0] & 1) != 0);
    try_header(input, (data[0] & 2) != 0);
    return 0;
}
