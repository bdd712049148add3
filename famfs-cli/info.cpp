// famfs info: what a pool is, how full it is, and who serves it.
#include "famfs-cli/command_line.h"
#include "famfs-cli/json.h"
#include "famfs-cli/size.h"
#include "famfs-cli/target.h"
#include "famfs-cli/verb.h"
#include "liblog/pool/replay.h"
#include "omf/path.h"

namespace famfs::cli {
namespace {

Result<PoolReport> look(const std::string& device) {
    const auto pool = pool::Pool::open(device, device::Access::read_only);
    if (!pool) return std::unexpected(pool.error());
    pool::Catalogue catalogue(pool->superblock(), pool->memory().size());
    const auto replayed = pool::replay(*pool, catalogue, {});
    if (!replayed) return std::unexpected(replayed.error());
    PoolReport report;
    report.device = pool->memory().description();
    report.superblock = pool->superblock();
    report.role = pool->role();
    report.header = replayed->header;
    report.totals = catalogue.totals();
    report.free_bytes = catalogue.free_bytes();
    report.findings = replayed->findings;
    report.mounts = mounts_of(report.device.path);
    return report;
}

void show_mounts(Console& console, const PoolReport& report) {
    if (report.mounts.empty()) console.print("mounted           no\n");
    for (const MountedPool& mount : report.mounts) {
        console.print("mounted           {}, data path {}{}, shadow tree {}\n",
                      omf::printable(mount.mount.mountpoint), mount.data_path,
                      mount.mount.read_only ? ", read-only" : "", omf::printable(mount.shadow));
    }
}

void show(Console& console, const PoolReport& report) {
    if (console.json) return console.write(json::info(report));
    const omf::Superblock& block = report.superblock;
    console.print("device            {} ({}), {}\n", omf::printable(report.device.path),
                  device::name(report.device.kind), exact_size(report.device.size));
    console.print("role              {}\n", pool::name(report.role));
    console.print("format            version {}, OMF {}.{}\n", omf::superblock_format_version, block.major,
                  block.minor);
    console.print("file system uuid  {}\n", to_string(block.file_system));
    console.print("device uuid       {}\n", to_string(block.device));
    console.print("system uuid       {}\n", to_string(block.system));
    console.print("allocation unit   {}\n", readable_size(block.allocation_unit));
    console.print("log               {}, {} of {} entries used\n", readable_size(block.log_length),
                  report.header.next_index, report.header.capacity());
    console.print("content           {}, {}, {}\n", counted(report.totals.files, "file", "files"),
                  counted(report.totals.directories, "directory", "directories"),
                  readable_size(report.totals.file_bytes));
    console.print("space             {} allocated, {} free\n", exact_size(report.totals.allocated_bytes),
                  exact_size(report.free_bytes));
    if (report.findings > 0) console.print("findings          {}; famfs fsck names them\n", report.findings);
    show_mounts(console, report);
}

}  // namespace

int run_info(Console& console, Arguments arguments) {
    std::string name;
    CommandLine line(console, "info");
    line.add_subject("DEVICE|MOUNTPOINT", name,
                     "/dev/daxX.Y, daxX.Y, an image file, or where one is mounted");
    line.add_json();
    if (const auto status = line.parse(arguments)) return *status;
    const auto target = resolve_target(name);
    if (!target) return console.fail(target.error());
    const auto report = look(target->device);
    if (!report) return console.fail(report.error());
    show(console, *report);
    return report->findings == 0 ? exit_done : exit_findings;
}

}  // namespace famfs::cli
