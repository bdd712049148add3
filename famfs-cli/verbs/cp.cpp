// famfs cp: copies files and directories into a mount.
#include "famfs-cli/copy/copier.h"
#include "famfs-cli/copy/source_tree.h"
#include "famfs-cli/mount/pool_writing.h"
#include "famfs-cli/ui/mode.h"
#include "famfs-cli/ui/size.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/verb.h"
#include "liblog/process_start.h"
#include "omf/path.h"

#include <unistd.h>

#include <atomic>

namespace famfs::cli {
namespace {

using Kind = index::InodeKind;

struct Request {
    std::vector<std::string> sources;
    std::string destination;
    WalkOptions walk;
    std::optional<std::uint32_t> mode;
    std::uint32_t mask = 0;
    bool preserve = false;
    bool verify = false;
};

// As with cp(1): the caller's own, without what the umask and a change of owner take away, unless preserved.
shadow::Ownership ownership_of(const SourceItem& item, const Request& request) {
    shadow::Ownership owner{::geteuid(), ::getegid(), item.mode & 0777 & ~request.mask};
    owner.exact_mode = request.preserve;
    owner.exact_group = request.preserve && ::geteuid() == 0;
    if (request.preserve) owner.mode = item.mode & (::geteuid() == 0 ? 07777U : 0777U);
    if (request.preserve && ::geteuid() == 0) {
        owner.uid = item.uid;
        owner.gid = item.gid;
    }
    if (request.mode && !item.is_directory) owner.mode = *request.mode;
    return owner;
}

// The last component; "" for "." and the like, which mean the content.
std::string base_name(std::string path) {
    while (path.ends_with('/'))
        path.pop_back();
    std::string name = path.substr(path.rfind('/') + 1);
    return name == "." || name == ".." ? "" : name;
}

class CopyRun {
  public:
    CopyRun(Console& console, shadow::PoolWriter& writer, const Request& request)
        : console_(console), writer_(writer), request_(request) {}

    // Plans and copies; the exit status.
    int run(const std::string& destination) {
        if (const auto planned = plan(destination); !planned) return console_.fail(planned.error());
        std::uint64_t total = 0;
        for (const auto& item : items_)
            total += item.is_directory ? 0 : item.size;
        Interrupt interrupt;  // before the threads of progress and copier
        Progress progress(console_, "cp", total);
        Copier copier(writer_, progress, interrupt, request_.verify,
                      [this](const std::string& name, const std::string& reason) { skip(name, reason); });
        const InterruptWatch watch(interrupt, [&] { stopped(interrupted(), copier); });
        const auto done = copy(copier);
        copier.finish();
        const auto finished = writer_.finish();
        console_.show_transient("");
        if (!done) return stopped(done.error(), copier);
        if (const auto fatal = copier.fatal()) return stopped(*fatal, copier);
        if (interrupt.requested()) return stopped(interrupted(), copier);
        if (!finished) return console_.fail(finished.error());
        say_done(copier, progress);
        return skipped_ ? exit_findings : exit_done;
    }

  private:
    void skip(const std::string& name, const std::string& reason) {
        console_.error(path_message("cp", name, reason));
        skipped_ = true;
    }

    // Where each source goes, as cp(1) decides it.
    Result<void> plan(const std::string& destination) {
        const auto kind = writer_.find(destination);
        const bool into = kind == Kind::directory;
        if (!into && request_.sources.size() > 1) {
            return fail(ErrorKind::usage, ENOTDIR,
                        path_message("cp", request_.destination, "several sources need a directory"));
        }
        const auto report = [this](const std::string& name, const std::string& reason) {
            skip(name, reason);
        };
        SourceWalk walk(request_.walk, items_, report);
        for (const auto& source : request_.sources) {
            const std::string name = into ? base_name(source) : "";
            const std::string slash = name.empty() || destination.empty() ? "" : "/";
            walk.add(source, destination + slash + name);
        }
        const bool names_directory = request_.destination.ends_with('/');
        if (!kind && names_directory && !items_.empty() && !items_.front().is_directory) {
            return fail(ErrorKind::usage, ENOTDIR,
                        path_message("cp", request_.destination, "no such directory"));
        }
        return {};
    }

    // An error of one item is reported and the rest goes on; what is returned ends the run.
    Result<void> copy(Copier& copier) {
        for (const auto& item : items_) {
            if (copier.stopped()) break;
            const auto taken = item.is_directory ? make_directory(item) : add_file(copier, item);
            if (taken) continue;
            if (!concerns_one_path(taken.error())) {
                return fail(taken.error().kind, taken.error().code,
                            fmt::format("{}: {}", omf::printable(item.name), taken.error().message));
            }
            skip(item.name, taken.error().message);
        }
        return {};
    }

    Result<void> make_directory(const SourceItem& item) {
        if (item.has_acl) report_acl(item.name);
        if (writer_.find(item.destination) == Kind::directory) return {};
        return writer_.make_directory(item.destination, ownership_of(item, request_));
    }

    Result<void> add_file(Copier& copier, const SourceItem& item) {
        struct stat status{};
        auto file = opener_.open_file(item, status);
        if (!file) {
            skip(item.name, file.error().message);
            return {};
        }
        if (is_pool(status)) {
            skip(item.name, "the image of the pool that it would be copied into");
            return {};
        }
        if (request_.preserve && has_acl(file->get())) report_acl(item.name);
        const auto size = static_cast<std::uint64_t>(status.st_size);
        auto reserved = writer_.reserve(item.destination, size, ownership_of(item, request_));
        if (!reserved && reserved.error().code == EEXIST && is_destination(file->get(), item))
            return fail(ErrorKind::usage, EEXIST, "source and destination are the same file");
        if (!reserved) return std::unexpected(reserved.error());
        copier.add(std::move(*file), item.name, std::move(*reserved));
        return {};
    }

    bool is_pool(const struct stat& source) const {
        struct stat pool{};
        return ::stat(request_.walk.device.c_str(), &pool) == 0 && pool.st_dev == source.st_dev &&
               pool.st_ino == source.st_ino;
    }

    bool is_destination(int source, const SourceItem& item) const {
        const auto place = request_.walk.mounts->place_of(source);
        return place && place->device == request_.walk.device && place->path == item.destination;
    }

    // Once: a tree in which one file has an ACL has thousands.
    void report_acl(const std::string& name) {
        if (!request_.preserve || acl_reported_) return;
        skip(
            name,
            "a pool keeps no POSIX ACLs: mode, owner and group are kept alone, here and for all that follow");
        acl_reported_ = true;
    }

    static Error interrupted() { return {ErrorKind::io, EINTR, "interrupted"}; }

    int stopped(const Error& error, const Copier& copier) {
        console_.error(
            fmt::format("cp: {}; {} copied", error.message, counted(copier.committed(), "file", "files")));
        return error.code == EINTR ? exit_interrupted : int{exit_status(error.kind)};
    }

    void say_done(const Copier& copier, const Progress& progress) {
        if (!console_.verbose) return;
        console_.print("{}, {}\n", counted(copier.committed(), "file", "files"),
                       readable_size(progress.bytes()));
    }

    Console& console_;
    shadow::PoolWriter& writer_;
    const Request& request_;
    std::vector<SourceItem> items_;
    bool acl_reported_ = false;
    SourceOpener opener_{request_.walk.follow_symlinks};
    std::atomic<bool> skipped_ = false;  // also set by the copier's threads
};

int copy_all(Console& console, Request& request) {
    auto resolver = PathResolver::make();
    if (!resolver) return console.fail(resolver.error());
    const auto target = resolver->resolve_existing(request.destination);
    if (!target) return console.fail(target.error());
    request.walk.mounts = &*resolver;
    request.walk.device = target->pool->device;
    FindingReporter reporter(console, target->pool->device);
    const auto writer = open_writer(console, *target->pool, reporter);
    if (!writer) return console.fail(writer.error());
    const int status = CopyRun(console, **writer, request).run(target->path);
    return status == exit_done && reporter.any() ? int{exit_findings} : status;
}

}  // namespace

int run_cp(Console& console, Arguments arguments) {
    Request request;
    std::vector<std::string> names;
    CommandLine line(console, "cp");
    line.add_flag("-r,--recursive", request.walk.recursive, "Copy directories with all below them");
    line.add_flag("-L,--dereference", request.walk.follow_symlinks, "Copy what symbolic links name");
    line.add_mode(request.mode, "Permission bits of the files, octal (the source's without the umask's)");
    line.add_flag("--preserve", request.preserve, "Keep mode, and as root owner and group");
    line.add_flag("--verify", request.verify, "Read each file back and compare before it becomes visible");
    line.add_progress();
    line.add_subjects("SRC… DEST", names, "Sources; a destination in a mount");
    if (const auto status = line.parse(arguments)) return *status;
    if (names.size() < 2) return line.usage_error("needs a source and a destination");
    request.destination = std::move(names.back());
    names.pop_back();
    request.sources = std::move(names);
    request.mask = caller_umask();
    return copy_all(console, request);
}

}  // namespace famfs::cli
