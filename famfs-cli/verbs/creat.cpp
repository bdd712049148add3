// famfs creat: makes files of a given size that read as zeros.
#include "famfs-cli/mount/pool_writing.h"
#include "famfs-cli/ui/interrupt.h"
#include "famfs-cli/ui/mode.h"
#include "famfs-cli/ui/progress.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/verb.h"
#include "liblog/process_start.h"

#include <unistd.h>

#include <algorithm>

namespace famfs::cli {
namespace {

constexpr std::uint64_t step_bytes = std::uint64_t{64} << 20;  // between looks at Ctrl-C

struct Request {
    std::vector<std::string> paths;
    std::uint64_t size = 0;
    shadow::Ownership ownership;
};

class Creator {
  public:
    Creator(Console& console, shadow::PoolWriter& writer, const Request& request)
        : writer_(writer),
          request_(request),
          progress_(console, "creat", request.size * request.paths.size()) {}

    // The file is there, zeroed, or there is no trace of it.
    Result<void> create(const std::string& path) {
        const auto file = writer_.reserve(path, request_.size, request_.ownership);
        if (!file) return std::unexpected(file.error());
        if (const auto zeroed = zero(*file); !zeroed) {
            writer_.release(*file);
            return zeroed;
        }
        auto done = writer_.commit(*file);
        if (done) progress_.add_file();
        return done;
    }

    Result<void> finish() { return writer_.finish(); }
    std::uint64_t created() const { return progress_.files(); }

  private:
    Result<void> zero(const omf::File& file) {
        for (std::uint64_t offset = 0; offset < file.size;) {
            if (interrupt_.requested()) return fail(ErrorKind::io, EINTR, "interrupted");
            const std::uint64_t end = offset + std::min(step_bytes, file.size - offset);
            if (auto zeroed = writer_.zero(file, offset, end); !zeroed) return zeroed;
            progress_.add_bytes(end - offset);
            offset = end;
        }
        return writer_.zero_tail(file);
    }

    shadow::PoolWriter& writer_;
    const Request& request_;
    Interrupt interrupt_;  // before progress_, which starts a thread
    Progress progress_;
};

// Makes all that can be made; true if that is all.
Result<bool> create_all(Console& console, Creator& creator, const std::vector<MountedPath>& targets,
                        const Request& request) {
    bool all = true;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const auto created = creator.create(targets[i].path);
        if (created) continue;
        const Error& error = created.error();
        auto message = path_message("creat", request.paths[i], error.message, targets[i].path);
        if (!concerns_one_path(error)) {
            if (targets.size() > 1)
                message += fmt::format("; {} of {} files were made", creator.created(), targets.size());
            return fail(error.kind, error.code, message);
        }
        console.error(message);
        all = false;
    }
    if (const auto finished = creator.finish(); !finished) return std::unexpected(finished.error());
    return all;
}

int create_files(Console& console, const Request& request) {
    const auto targets = resolve_all(request.paths);
    if (!targets) return console.fail(targets.error());
    const MountedPool& pool = *targets->front().pool;
    FindingReporter reporter(console, pool.device);
    const auto writer = open_writer(console, pool, reporter);
    if (!writer) return console.fail(writer.error());
    Creator creator(console, **writer, request);
    const auto all = create_all(console, creator, *targets, request);
    if (!all) {
        const int status = console.fail(all.error());
        return all.error().code == EINTR ? exit_interrupted : status;
    }
    return *all && !reporter.any() ? exit_done : exit_findings;
}

}  // namespace

int run_creat(Console& console, Arguments arguments) {
    Request request;
    std::optional<std::uint64_t> size;
    std::optional<std::uint32_t> mode;
    CommandLine line(console, "creat");
    line.add_size("--size", size, "Size of each file; it never changes", CommandLine::Need::required);
    line.add_mode(mode, "Permission bits, octal (666 without the umask's)");
    line.add_progress();
    line.add_subjects("PATH…", request.paths, "In a mount");
    if (const auto status = line.parse(arguments)) return *status;
    request.size = size.value_or(0);
    request.ownership = {::geteuid(), ::getegid(), mode.value_or(0666 & ~caller_umask())};
    return create_files(console, request);
}

}  // namespace famfs::cli
