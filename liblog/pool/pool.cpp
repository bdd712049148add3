#include "liblog/pool/pool.h"

#include "liblog/log/reader.h"
#include "liblog/pool/system_uuid.h"

#include <fmt/format.h>

namespace famfs::pool {
namespace {

std::unexpected<Error> not_a_pool(const device::Memory& memory, const omf::Violation& violation) {
    return fail(ErrorKind::corrupt, EUCLEAN, memory.description().path + ": " + omf::describe(violation));
}

std::unexpected<Error> not_served(const std::string& path, const Served& served, const std::string& why) {
    return fail(ErrorKind::refused, ESTALE,
                fmt::format("{0} is not what {1} serves: {2}; famfs umount {1} and mount it again", path,
                            served.mountpoint, why));
}

bool same_pool(const omf::Superblock& left, const omf::Superblock& right) {
    return left.file_system == right.file_system && left.device == right.device &&
           left.system == right.system && left.log_length == right.log_length &&
           left.allocation_unit == right.allocation_unit;
}

}  // namespace

std::string_view name(Role role) {
    return role == Role::master ? "master" : "client";
}

Result<device::MappedRange> reach_log(device::Memory& memory, std::uint64_t length) {
    const omf::Extent log{0, omf::log_offset, length};
    return memory.reach({&log, 1}, length);
}

Result<omf::Superblock> read_superblock(device::Memory& memory) {
    omf::SuperblockBytes bytes{};
    if (memory.size() < bytes.size())
        return not_a_pool(memory, {omf::Rule::superblock_beyond_device,
                                   omf::log_offset + omf::minimum_log_length, memory.size()});
    if (auto read = memory.read(0, bytes); !read) return std::unexpected(read.error());
    auto superblock = omf::decode_superblock(bytes);
    if (!superblock) return not_a_pool(memory, superblock.error());
    return *superblock;
}

Result<Pool> Pool::open(const std::string& path, device::Access access, const Served& served) {
    auto memory = device::open_memory(path, access);
    if (!memory) return std::unexpected(memory.error());
    const std::string& found = (*memory)->description().identity;
    if (!served.device.empty() && found != served.device)
        return not_served(path, served,
                          fmt::format("it was replaced ({} then, {} now)", served.device, found));
    auto pool = open(std::move(*memory));
    if (!pool || served.file_system == omf::Uuid{}) return pool;
    const omf::Uuid& now = pool->superblock().file_system;
    if (now == served.file_system) return pool;
    return not_served(path, served,
                      fmt::format("it was formatted anew (file system {} then, {} now)",
                                  to_string(served.file_system), to_string(now)));
}

Result<Pool> Pool::open(std::unique_ptr<device::Memory> memory) {
    auto superblock = read_superblock(*memory);
    if (!superblock) return std::unexpected(superblock.error());
    if (auto fits = omf::check_fits(*superblock, memory->size()); !fits)
        return not_a_pool(*memory, fits.error());
    auto log = reach_log(*memory, superblock->log_length);
    if (!log) return std::unexpected(log.error());
    Pool pool;
    pool.log_ = std::move(*log);
    pool.role_ = read_system_uuid() == superblock->system ? Role::master : Role::client;
    pool.superblock_ = std::move(*superblock);
    pool.devices_ = std::make_unique<Devices>(std::move(memory));
    return pool;
}

Result<void> Pool::add_device(const std::string& path, device::Access access) {
    auto memory = device::open_memory(path, access);
    if (!memory) return std::unexpected(memory.error());
    const auto shown = read_superblock(**memory);
    if (!shown) return std::unexpected(shown.error());
    const auto refuse = [&](const std::string& why) {
        return fail(ErrorKind::refused, ENODEV, (*memory)->description().path + ": " + why);
    };
    if (shown->file_system != superblock_.file_system)
        return refuse(fmt::format("is a device of file system {}, not of {}", to_string(shown->file_system),
                                  to_string(superblock_.file_system)));
    if (shown->device == superblock_.device) return refuse("is the pool's first device");
    devices_->add(shown->device, std::move(*memory));
    return {};
}

Result<void> Pool::check_unchanged() const {
    const auto now = read_superblock(memory());
    if (!now && now.error().kind != ErrorKind::corrupt) return std::unexpected(now.error());
    if (now && same_pool(*now, superblock_)) return {};
    const std::string found = now ? "file system " + to_string(now->file_system) : "no whole superblock";
    return fail(ErrorKind::refused, ESTALE,
                fmt::format("{}: formatted or wiped since it was opened: it held file system {}, now {}",
                            memory().description().path, to_string(superblock_.file_system), found));
}

Result<omf::LogHeader> Pool::read_header() const {
    return log::read_header(memory(), superblock_.log_length);
}

}  // namespace famfs::pool
