#include "liblog/pool/format.h"

#include "liblog/pool/owner.h"
#include "liblog/pool/pool.h"
#include "liblog/pool/system_uuid.h"
#include "liblog/random_uuid.h"
#include "omf/log_header.h"

#include <fmt/format.h>

#include <bit>

namespace famfs::pool {
namespace {

constexpr std::uint32_t flag_primary = 1;

Result<void> check_options(const device::Memory& memory, const FormatOptions& options) {
    const std::string& path = memory.description().path;
    if (options.log_length < omf::minimum_log_length || !std::has_single_bit(options.log_length))
        return fail(ErrorKind::usage, EINVAL,
                    fmt::format("{}: log size {} is not a power of two of at least {}", path,
                                options.log_length, omf::minimum_log_length));
    if (options.allocation_unit != omf::default_allocation_unit &&
        options.allocation_unit != omf::small_allocation_unit)
        return fail(ErrorKind::usage, EINVAL,
                    fmt::format("{}: allocation unit {} is neither 4096 nor {}", path,
                                options.allocation_unit, omf::default_allocation_unit));
    omf::Superblock wanted;
    wanted.log_length = options.log_length;
    wanted.allocation_unit = options.allocation_unit;
    if (omf::check_fits(wanted, memory.size())) return {};
    return fail(ErrorKind::usage, ENOSPC,
                fmt::format("{}: {} bytes are too few: superblock, log and one allocation unit need {}", path,
                            memory.size(), wanted.data_start() + wanted.allocation_unit));
}

// What is there, and whose, if it is a pool of another host.
struct Content {
    std::string name;     // as identify() has it
    std::string foreign;  // as describe_foreign() has it; "" if it is not
};

Result<Content> look_at(device::Memory& memory) {
    auto name = identify(memory);
    if (!name) return std::unexpected(name.error());
    if (*name != "famfs") return Content{std::move(*name), ""};
    auto foreign = describe_foreign(memory);
    if (!foreign) return std::unexpected(foreign.error());
    return Content{std::move(*name), std::move(*foreign).value_or("")};
}

std::unexpected<Error> would_lose(const device::Memory& memory, const Content& content,
                                  std::string_view help) {
    const std::string whose = content.foreign.empty() ? "" : ", " + content.foreign;
    return fail(ErrorKind::refused, EEXIST,
                fmt::format("{} holds {}{}; {}", memory.description().path, content.name, whose, help));
}

Result<void> store(device::Memory& memory, std::uint64_t offset, std::span<const std::byte> bytes) {
    if (auto written = memory.write(offset, bytes); !written) return written;
    if (auto flushed = memory.write_back(offset, bytes.size()); !flushed) return flushed;
    memory.fence();
    return {};
}

Result<void> clear(device::Memory& memory, std::uint64_t offset, std::uint64_t length) {
    if (auto zeroed = memory.zero(offset, length); !zeroed) return zeroed;
    if (auto flushed = memory.write_back(offset, length); !flushed) return flushed;
    memory.fence();
    return {};
}

omf::Superblock new_superblock(const device::Memory& memory, const FormatOptions& options,
                               const omf::Uuid& system) {
    const device::Description& device = memory.description();
    omf::Superblock superblock;
    superblock.log_length = options.log_length;
    superblock.allocation_unit = options.allocation_unit;
    superblock.file_system = random_uuid();
    superblock.device = device.tag ? *device.tag : options.device_uuid.value_or(random_uuid());
    superblock.system = system;
    superblock.flags = flag_primary;
    superblock.device_size = device.size;
    superblock.device_path = device.path;
    return superblock;
}

}  // namespace

Result<void> check_erasable(device::Memory& memory, const FormatOptions& options) {
    const auto content = look_at(memory);
    if (!content) return std::unexpected(content.error());
    if (content->name.empty()) return {};
    if (!content->foreign.empty() && !(options.force && options.foreign))
        return would_lose(memory, *content, "--force --foreign overwrites it");
    if (!options.force) return would_lose(memory, *content, "--force overwrites it");
    return {};
}

Result<omf::Superblock> format(device::Memory& memory, const FormatOptions& options) {
    const auto use = SoleUse::acquire(memory);
    if (!use) return std::unexpected(use.error());
    return format(*use, options);
}

Result<omf::Superblock> format(const SoleUse& use, const FormatOptions& options) {
    device::Memory& memory = use.memory();
    if (auto checked = check_options(memory, options); !checked) return std::unexpected(checked.error());
    if (auto checked = check_erasable(memory, options); !checked) return std::unexpected(checked.error());
    const auto system = ensure_system_uuid();
    if (!system) return std::unexpected(system.error());
    const auto log = reach_log(memory, options.log_length);
    if (!log) return std::unexpected(log.error());

    omf::Superblock superblock = new_superblock(memory, options, *system);
    omf::LogHeader header;
    header.log_length = options.log_length;
    if (auto done = clear(memory, 0, omf::superblock_region); !done) return std::unexpected(done.error());
    if (auto done = clear(memory, omf::log_offset, options.log_length); !done)
        return std::unexpected(done.error());
    if (auto done = store(memory, omf::log_offset, omf::encode_log_header(header)); !done)
        return std::unexpected(done.error());
    if (auto done = store(memory, 0, omf::encode_superblock(superblock)); !done)
        return std::unexpected(done.error());
    return superblock;
}

Result<void> kill(device::Memory& memory, bool foreign) {
    const auto use = SoleUse::acquire(memory);
    if (!use) return std::unexpected(use.error());
    const auto content = look_at(memory);
    if (!content) return std::unexpected(content.error());
    if (content->name != "famfs")
        return fail(ErrorKind::refused, EINVAL,
                    memory.description().path + " holds no famfs; nothing was changed");
    if (!content->foreign.empty() && !foreign)
        return would_lose(memory, *content, "--kill --foreign wipes it");
    return clear(memory, 0, omf::superblock_region);
}

}  // namespace famfs::pool
