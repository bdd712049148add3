// famfs logplay: brings a shadow tree up to date with a pool's log.
#include "liblog/shadow/logplay.h"

#include "famfs-cli/mount/open_pool.h"
#include "famfs-cli/mount/shadow_form.h"
#include "famfs-cli/mount/target.h"
#include "famfs-cli/ui/findings.h"
#include "famfs-cli/ui/size.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/json.h"
#include "famfs-cli/verbs/verb.h"
#include "omf/path.h"

namespace famfs::cli {
namespace {

struct Request {
    std::string name;  // DEVICE, or MOUNTPOINT without --shadow
    std::string mounted;
    std::string shadow;
    std::string format;  // "": the tree's own
    shadow::LogplayOptions options;
};

// Which device to replay, and into which tree.
struct Route {
    std::string device;
    std::string shadow;
    std::optional<MountedPool> mount;  // whose device it is, if a mount was named
};

Result<Route> find_route(const Request& request) {
    if (request.mounted.empty() && !request.shadow.empty())
        return Route{request.name, request.shadow, std::nullopt};
    const auto mount = resolve_mountpoint(request.mounted.empty() ? request.name : request.mounted);
    if (!mount) return std::unexpected(mount.error());
    return Route{mount->device, request.shadow.empty() ? mount->shadow : request.shadow, *mount};
}

shadow::Form wanted_form(const Request& request, const Route& route) {
    if (request.format.empty()) return shadow_form(route.shadow);
    return request.format == "famfs" ? shadow::Form::famfs : shadow::Form::uuid;
}

Result<LogplayReport> replay(Console& console, const Route& route, shadow::LogplayOptions options) {
    const auto pool = open_pool(route.device, route.mount);
    if (!pool) return std::unexpected(pool.error());
    LogplayReport report{pool->memory().description().path, route.shadow, {}, {}, {}};
    FindingReporter reporter(console, report.device);
    shadow::UpdateHooks& hooks = options.hooks;
    const bool salvage = hooks.salvage;
    hooks = reporter.hooks();
    hooks.salvage = salvage;
    if (console.json) {
        hooks.report = [&](const pool::Finding& finding) { report.findings.push_back(finding); };
        hooks.skipped = [&](const std::string& reason) { report.skipped.push_back(reason); };
    }
    const auto played = shadow::logplay(*pool, route.shadow, options);
    if (!played) return std::unexpected(played.error());
    report.result = *played;
    return report;
}

void show(Console& console, const LogplayReport& report, bool dry_run) {
    if (console.json) return console.write(json::logplay(report));
    if (console.quiet) return;
    console.print("{}: {} of {} entries replayed, {} {}, {}\n", omf::printable(report.shadow),
                  report.result.replayed, report.result.entries, report.result.written,
                  dry_run ? "would be new" : "new", counted(report.result.findings, "finding", "findings"));
}

std::optional<int> check(CommandLine& line, const Request& request) {
    if (request.name.empty() == request.mounted.empty()) {
        return line.usage_error(
            "give a device or a mount point: DEVICE --shadow DIR, --mounted MOUNTPOINT --shadow DIR, "
            "or MOUNTPOINT");
    }
    if (!request.mounted.empty() && request.shadow.empty())
        return line.usage_error("--mounted needs --shadow");
    return std::nullopt;
}

}  // namespace

int run_logplay(Console& console, Arguments arguments) {
    Request request;
    CommandLine line(console, "logplay");
    line.add_subject("NAME", request.name, "DEVICE (with --shadow), or MOUNTPOINT (its own shadow tree)",
                     CommandLine::Need::optional);
    line.add_text("--shadow", request.shadow, "DIR", "The shadow tree to write");
    line.add_text("--mounted", request.mounted, "MOUNTPOINT", "Replay the device of this mount");
    line.add_choice("--format", request.format, {"uuid", "famfs"},
                    "How documents name devices (the tree's own, else uuid)");
    line.add_flag("--dry-run", request.options.dry_run, "Check and count, write nothing");
    line.add_flag("--salvage", request.options.hooks.salvage, "Go on after an entry whose checksum is wrong");
    line.add_json();
    if (const auto status = line.parse(arguments)) return *status;
    if (const auto status = check(line, request)) return *status;

    const auto route = find_route(request);
    if (!route) return console.fail(route.error());
    request.options.form = wanted_form(request, *route);
    const auto report = replay(console, *route, request.options);
    if (!report) return console.fail(report.error());
    show(console, *report, request.options.dry_run);
    return report->result.findings + report->result.skipped > 0 ? exit_findings : exit_done;
}

}  // namespace famfs::cli
