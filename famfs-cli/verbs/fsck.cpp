// famfs fsck: checks a pool and changes nothing.
#include "famfs-cli/mount/open_pool.h"
#include "famfs-cli/mount/target.h"
#include "famfs-cli/ui/size.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/json.h"
#include "famfs-cli/verbs/verb.h"
#include "liblog/pool/check.h"
#include "omf/path.h"

namespace famfs::cli {
namespace {

Result<CheckReport> check(Console& console, const Target& target) {
    const auto pool = open_pool(target.device, target.mount);
    if (!pool) return std::unexpected(pool.error());
    CheckReport report;
    report.device = pool->memory().description().path;
    const auto result = pool::check(*pool, [&](const pool::Finding& finding) {
        if (console.json) return report.findings.push_back(finding);
        console.print("{}\n", pool::describe(finding));
    });
    if (!result) return std::unexpected(result.error());
    report.result = *result;
    return report;
}

void show(Console& console, const CheckReport& report) {
    if (console.json) return console.write(json::fsck(report));
    for (const auto& warning : report.result.warnings)
        console.print("{}\n", omf::printable(warning));
    if (console.quiet) return;
    const auto& totals = report.result.totals;
    console.print(
        "{}: {}, {}: {}, {}, {} allocated; {}\n", omf::printable(report.device),
        report.result.clean() ? "clean" : "not clean",
        counted(report.result.replay.header.next_index, "entry", "entries"),
        counted(totals.files, "file", "files"), counted(totals.directories, "directory", "directories"),
        readable_size(totals.allocated_bytes),
        counted(report.result.replay.findings + report.result.warnings.size(), "finding", "findings"));
}

}  // namespace

int run_fsck(Console& console, Arguments arguments) {
    std::string name;
    CommandLine line(console, "fsck");
    line.add_subject("DEVICE|MOUNTPOINT", name,
                     "/dev/daxX.Y, daxX.Y, an image file, or where one is mounted");
    line.add_json();
    if (const auto status = line.parse(arguments)) return *status;
    const auto target = resolve_target(name);
    if (!target) return console.fail(target.error());
    const auto report = check(console, *target);
    if (!report) return console.fail(report.error());
    show(console, *report);
    return report->result.clean() ? exit_done : exit_findings;
}

}  // namespace famfs::cli
