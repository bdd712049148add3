// famfs info: what a pool is, how full it is, and who serves it.
#include "famfs-cli/mount/open_pool.h"
#include "famfs-cli/mount/target.h"
#include "famfs-cli/ui/size.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/json.h"
#include "famfs-cli/verbs/verb.h"
#include "liblog/pool/replay.h"
#include "omf/path.h"

#include <algorithm>

namespace famfs::cli {
namespace {

// Those of the device, each with the reason if its pool is not there any more.
std::vector<MountedPool> look_at_mounts(const std::string& device, const Result<pool::Pool>& pool) {
    std::vector<MountedPool> mounts;
    const std::string identity = pool ? pool->memory().description().identity : "";
    if (const auto path = device::resolve_device_path(device)) mounts = mounts_of(*path, identity);
    for (MountedPool& mount : mounts)
        mount.gone = why_gone(mount, pool);
    return mounts;
}

bool any_gone(const std::vector<MountedPool>& mounts) {
    return std::ranges::any_of(mounts, [](const MountedPool& mount) { return !mount.gone.empty(); });
}

Result<PoolReport> look(const Result<pool::Pool>& pool) {
    if (!pool) return std::unexpected(pool.error());
    index::Index index(pool->superblock(), pool->memory().size());
    const auto replayed = pool::replay(*pool, index, {});
    if (!replayed) return std::unexpected(replayed.error());
    PoolReport report;
    report.device = pool->memory().description();
    report.superblock = pool->superblock();
    report.role = pool->role();
    report.header = replayed->header;
    report.totals = index.totals();
    report.free_bytes = index.free_space(0).bytes();
    report.findings = replayed->findings;
    return report;
}

void show_mounts(Console& console, const PoolReport& report) {
    if (report.mounts.empty()) console.print("mounted           no\n");
    for (const MountedPool& mount : report.mounts) {
        console.print("mounted           {}, data path {}{}, shadow tree {}\n",
                      omf::printable(mount.mount.mountpoint), mount.data_path,
                      mount.mount.read_only ? ", read-only" : "", omf::printable(mount.shadow));
        if (!mount.gone.empty()) console.print("pool gone         {}\n", say_gone(mount, mount.gone));
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
    const auto pool = open_served(target->device, target->mount);
    auto mounts = look_at_mounts(target->device, pool);
    if (!pool && any_gone(mounts)) {
        if (console.json) console.write(json::lost_pool(target->device, mounts));
        const auto lost = open_pool(target->device, target->mount);
        return console.fail(lost ? pool.error() : lost.error());
    }
    auto report = look(pool);
    if (!report) return console.fail(report.error());
    report->mounts = std::move(mounts);
    show(console, *report);
    return report->findings == 0 && !any_gone(report->mounts) ? exit_done : exit_findings;
}

}  // namespace famfs::cli
