// famfs verify: compares content in a mount with a directory tree.
#include "famfs-cli/copy/tree_comparison.h"
#include "famfs-cli/mount/mounted_path.h"
#include "famfs-cli/ui/interrupt.h"
#include "famfs-cli/ui/size.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/json.h"
#include "famfs-cli/verbs/verb.h"
#include "omf/path.h"

#include <sys/stat.h>

namespace famfs::cli {
namespace {

struct Request {
    std::vector<std::string> paths;
    std::string against;
};

bool is_directory(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string base_name(std::string path) {
    while (path.size() > 1 && path.ends_with('/'))
        path.pop_back();
    return path.substr(path.rfind('/') + 1);
}

// One directory is compared with DIR itself; otherwise each PATH with what has its name in DIR.
Result<void> collect(const Request& request, PathResolver& resolver, TreeComparison& comparison) {
    const bool whole = request.paths.size() == 1 && is_directory(request.paths.front());
    for (const auto& path : request.paths) {
        const auto target = resolver.resolve_existing(path);
        if (!target) return std::unexpected(target.error());
        const std::string name = whole ? "" : base_name(path);
        const std::string other = whole ? request.against : request.against + "/" + name;
        comparison.collect(path, other, name);
    }
    return {};
}

std::string describe(const Difference& found) {
    const std::string path = found.path.empty() ? "." : omf::printable(found.path);
    switch (found.kind) {
        case Difference::Kind::missing_in_mount:
            return path + ": not in the mount";
        case Difference::Kind::missing_in_directory:
            return path + ": not in the directory";
        case Difference::Kind::type:
            return path + ": a file on one side, a directory on the other";
        case Difference::Kind::size:
            return fmt::format("{}: {} bytes in the mount, {} in the directory", path, found.mount_size,
                               found.directory_size);
        case Difference::Kind::content:
            return fmt::format("{}: differs from byte {} on", path, found.offset);
        case Difference::Kind::unreadable:
            break;
    }
    return path + ": " + found.reason;
}

void show(Console& console, const VerifyReport& report) {
    if (console.json) return console.write(json::verify(report));
    for (const auto& found : report.differences)
        console.print("{}\n", describe(found));
    if (console.quiet) return;
    console.print("{}, {} compared, {}\n", counted(report.files, "file", "files"),
                  readable_size(report.bytes),
                  counted(report.differences.size(), "difference", "differences"));
}

}  // namespace

int run_verify(Console& console, Arguments arguments) {
    Request request;
    CommandLine line(console, "verify");
    line.add_subjects("PATH…", request.paths, "In a mount: files, or directories with all below");
    line.add_text("--against", request.against, "DIR", "The tree to compare with",
                  CommandLine::Need::required);
    line.add_progress();
    line.add_json();
    if (const auto status = line.parse(arguments)) return *status;
    if (!is_directory(request.against)) {
        return line.usage_error(
            fmt::format("--against: {}: not a directory", omf::printable(request.against)));
    }
    auto resolver = PathResolver::make();
    if (!resolver) return console.fail(resolver.error());
    TreeComparison comparison(*resolver);
    if (const auto collected = collect(request, *resolver, comparison); !collected)
        return console.fail(collected.error());
    Interrupt interrupt;
    const auto say_interrupted = [&] { console.error("verify: interrupted"); };
    VerifyReport report;
    {
        const InterruptWatch watch(interrupt, say_interrupted);
        Progress progress(console, "verify", comparison.total_bytes());
        report = comparison.compare(progress, interrupt);
    }
    if (interrupt.requested()) {
        say_interrupted();
        return exit_interrupted;
    }
    show(console, report);
    return report.differences.empty() ? exit_done : exit_findings;
}

}  // namespace famfs::cli
