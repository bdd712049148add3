#include "liblog/pool/owner.h"

#include "liblog/log/reader.h"
#include "liblog/pool/pool.h"
#include "liblog/pool/system_uuid.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>

namespace famfs::pool {
namespace {

using Superblock = std::expected<omf::Superblock, omf::Violation>;

std::string master(const Superblock& superblock, const omf::Uuid& claimed,
                   const std::optional<omf::Uuid>& own) {
    const std::string here = own ? to_string(*own) : "none";
    if (superblock)
        return fmt::format("whose master is the host with system uuid {} (here: {})",
                           to_string(superblock->system), here);
    return fmt::format(
        "whose superblock is not whole ({}), so that its master cannot be told; it names {} "
        "(here: {})",
        omf::describe(superblock.error()), to_string(claimed), here);
}

// ", 37 entries" where there is a log: a further device of a pool has none.
std::string entries(device::Memory& memory, const Superblock& superblock) {
    if (!superblock || !omf::check_fits(*superblock, memory.size())) return {};
    const auto log = reach_log(memory, superblock->log_length);
    if (!log) return {};
    const auto header = log::read_header(memory, superblock->log_length);
    return header ? fmt::format(", {} entries in its log", header->next_index) : "";
}

// The format keeps no times; only the file that holds an image has one.
std::string last_written(const device::Memory& memory) {
    struct stat status{};
    std::tm time{};
    if (memory.description().kind != device::Kind::image || ::fstat(memory.descriptor(), &status) != 0 ||
        ::gmtime_r(&status.st_mtim.tv_sec, &time) == nullptr)
        return ", last written at a time that nothing records";
    return fmt::format(", last written {:%Y-%m-%d %H:%M:%S} UTC", time);
}

}  // namespace

Result<std::optional<std::string>> describe_foreign(device::Memory& memory) {
    omf::SuperblockBytes bytes{};
    const std::size_t there = std::min<std::uint64_t>(bytes.size(), memory.size());
    if (auto read = memory.read(0, std::span(bytes).first(there)); !read)
        return std::unexpected(read.error());
    const omf::Uuid claimed = omf::claimed_system(bytes);
    const auto own = read_system_uuid();
    if (own == claimed) return std::nullopt;
    const auto superblock = omf::decode_superblock(bytes);
    return master(superblock, claimed, own) + entries(memory, superblock) + last_written(memory);
}

}  // namespace famfs::pool
