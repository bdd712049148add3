// famfs mkfs: formats a device or an image file, which it makes if need be.
#include "famfs-cli/ui/interrupt.h"
#include "famfs-cli/ui/size.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/image_file.h"
#include "famfs-cli/verbs/json.h"
#include "famfs-cli/verbs/verb.h"
#include "liblog/pool/format.h"
#include "omf/path.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <optional>

namespace famfs::cli {
namespace {

struct Request {
    std::string device;
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> log_size;
    std::optional<std::uint64_t> unit;
    std::optional<omf::Uuid> uuid;
    bool force = false;
    bool foreign = false;
    bool kill = false;
};

pool::FormatOptions format_options(const Request& request) {
    pool::FormatOptions options;
    options.force = request.force;
    options.foreign = request.foreign;
    options.device_uuid = request.uuid;
    if (request.log_size) options.log_length = *request.log_size;
    if (request.unit) options.allocation_unit = *request.unit;
    return options;
}

void show(Console& console, const device::Description& device, const omf::Superblock& superblock) {
    if (console.json) return console.write(json::formatted(device, superblock));
    if (console.quiet) return;
    console.print("{}: {}, log {} for {} entries, allocation unit {}\n", omf::printable(device.path),
                  readable_size(device.size), readable_size(superblock.log_length),
                  omf::entries_that_fit(superblock.log_length), readable_size(superblock.allocation_unit));
    if (!console.verbose) return;
    console.print("file system uuid {}\ndevice uuid {}\nsystem uuid {}\n", to_string(superblock.file_system),
                  to_string(superblock.device), to_string(superblock.system));
}

// Makes the image file, or lets it grow, and formats it; all under one lock on one open file.
Result<void> make_image(Console& console, const Request& request, std::uint64_t size) {
    auto image = ImageFile::open(request.device);
    if (!image) return std::unexpected(image.error());
    const auto options = format_options(request);
    if (auto checked = pool::check_erasable(image->memory(), options); !checked) return checked;
    if (auto grown = image->grow(size); !grown) return grown;
    const auto superblock = pool::format(image->use(), options);
    if (!superblock) return std::unexpected(superblock.error());
    image->keep();
    show(console, image->memory().description(), *superblock);
    return {};
}

Result<void> make_pool(Console& console, const Request& request) {
    if (request.size) return make_image(console, request, *request.size);
    const auto memory = device::open_memory(request.device, device::Access::read_write);
    if (!memory) return std::unexpected(memory.error());
    const auto superblock = pool::format(**memory, format_options(request));
    if (!superblock) return std::unexpected(superblock.error());
    show(console, (*memory)->description(), *superblock);
    return {};
}

Result<void> kill_pool(const Request& request) {
    const auto memory = device::open_memory(request.device, device::Access::read_write);
    if (!memory) return std::unexpected(memory.error());
    return pool::kill(**memory, request.foreign);
}

}  // namespace

int run_mkfs(Console& console, Arguments arguments) {
    Request request;
    CommandLine line(console, "mkfs");
    line.add_subject("DEVICE", request.device, "/dev/daxX.Y, daxX.Y, or an image file");
    line.add_size("--size", request.size, "Make the image file, sparse, with this size");
    line.add_size("--log-size", request.log_size, "Log size, a power of two from 8M (8M)");
    line.add_size("--alloc-unit", request.unit, "Allocation unit, 4K or 2M (2M)");
    line.add_uuid("--device-uuid", request.uuid, "The device's uuid (random)");
    line.add_flag("--force", request.force, "Overwrite what is on the device");
    line.add_flag("--foreign", request.foreign, "With --force or --kill: a pool of another host too");
    line.add_flag("--kill", request.kill, "Wipe the superblock: no pool any more");
    line.add_json();
    if (const auto status = line.parse(arguments)) return *status;
    if (request.kill && (request.size || request.log_size || request.unit || request.uuid)) {
        return line.usage_error("--kill goes with no other option than --force and --foreign");
    }

    Interrupt interrupt;  // a half-made pool is no use: a signal takes effect when it is made
    const auto done = request.kill ? kill_pool(request) : make_pool(console, request);
    return done ? exit_done : console.fail(done.error());
}

}  // namespace famfs::cli
