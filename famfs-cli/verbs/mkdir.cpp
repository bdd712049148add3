// famfs mkdir: makes directories in a mount.
#include "famfs-cli/mount/pool_writing.h"
#include "famfs-cli/ui/mode.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/verb.h"
#include "liblog/process_start.h"

#include <unistd.h>

namespace famfs::cli {
namespace {

using Kind = index::InodeKind;

struct Request {
    std::vector<std::string> paths;
    bool parents = false;
    shadow::Ownership ownership;         // of the directories that are named
    shadow::Ownership parent_ownership;  // of those that -p makes on the way
};

// Makes the directories above `path` that are missing.
Result<void> make_parents(shadow::PoolWriter& writer, std::string_view path,
                          const shadow::Ownership& ownership) {
    for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
        const auto parent = path.substr(0, slash);
        if (writer.find(parent)) continue;
        if (auto made = writer.make_directory(parent, ownership); !made) return made;
    }
    return {};
}

Result<void> make(shadow::PoolWriter& writer, const std::string& path, const Request& request) {
    if (request.parents) {
        if (writer.find(path) == Kind::directory) return {};
        if (auto made = make_parents(writer, path, request.parent_ownership); !made) return made;
    }
    if (path.empty()) return fail_errno(EEXIST, "the mount's root");
    return writer.make_directory(path, request.ownership);
}

// Makes all that can be made; true if that is all.
Result<bool> make_all(Console& console, shadow::PoolWriter& writer, const std::vector<MountedPath>& targets,
                      const Request& request) {
    bool all = true;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const auto made = make(writer, targets[i].path, request);
        if (made) continue;
        const auto message = path_message("mkdir", request.paths[i], made.error().message, targets[i].path);
        if (!concerns_one_path(made.error())) return fail(made.error().kind, made.error().code, message);
        console.error(message);
        all = false;
    }
    if (const auto finished = writer.finish(); !finished) return std::unexpected(finished.error());
    return all;
}

int make_directories(Console& console, const Request& request) {
    const auto targets = resolve_all(request.paths);
    if (!targets) return console.fail(targets.error());
    const MountedPool& pool = *targets->front().pool;
    FindingReporter reporter(console, pool.device);
    const auto writer = open_writer(console, pool, reporter);
    if (!writer) return console.fail(writer.error());
    const auto all = make_all(console, **writer, *targets, request);
    if (!all) return console.fail(all.error());
    return *all && !reporter.any() ? exit_done : exit_findings;
}

}  // namespace

int run_mkdir(Console& console, Arguments arguments) {
    Request request;
    std::optional<std::uint32_t> mode;
    CommandLine line(console, "mkdir");
    line.add_flag("-p,--parents", request.parents, "Make parents too; what is there already is fine");
    line.add_mode(mode, "Permission bits, octal (777 without the umask's)");
    line.add_subjects("PATH…", request.paths, "In a mount");
    if (const auto status = line.parse(arguments)) return *status;
    const std::uint32_t mask = caller_umask();
    request.ownership = {::geteuid(), ::getegid(), mode.value_or(0777 & ~mask)};
    // The owner can always go on below them, as with mkdir(1).
    request.parent_ownership = {::geteuid(), ::getegid(), (0777 & ~mask) | 0300};
    return make_directories(console, request);
}

}  // namespace famfs::cli
