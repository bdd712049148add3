// famfs umount: unmounts, waits for the daemon, and removes what `famfs mount` made.
#include "famfs-cli/command_line.h"
#include "famfs-cli/device_mode.h"
#include "famfs-cli/process.h"
#include "famfs-cli/run_directory.h"
#include "famfs-cli/target.h"
#include "famfs-cli/verb.h"
#include "liblog/mounts.h"
#include "liblog/user_unmount.h"
#include "omf/path.h"

#include <fmt/ranges.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cstring>

namespace famfs::cli {
namespace {

constexpr auto daemon_limit = std::chrono::seconds(30);

std::unexpected<Error> busy(const std::string& mountpoint) {
    const std::string shown = omf::printable(mountpoint);
    return fail(
        ErrorKind::busy, EBUSY,
        fmt::format(
            "{0}: busy: a process has a file open or its working directory there; fuser -vm {0} names it",
            shown));
}

// Without a daemon nobody can use the mount any more; what programs have mapped stays theirs, and would keep
// the mount busy for as long.
bool has_no_daemon(const std::string& mountpoint) {
    struct statfs status{};  // stat() would be answered from the kernel's cache
    return ::statfs(mountpoint.c_str(), &status) != 0 && errno == ENOTCONN;
}

Result<void> unmount_as_root(const std::string& mountpoint, bool dead) {
    const int lazily = dead ? MNT_DETACH : 0;
    if (::umount2(mountpoint.c_str(), UMOUNT_NOFOLLOW | lazily) == 0) return {};
    if (errno == EBUSY) return busy(mountpoint);
    return fail_errno(errno, fmt::format("cannot unmount {}", omf::printable(mountpoint)));
}

// A program with more rights does it; what it says becomes our line.
Result<void> unmount_as_user(const std::string& mountpoint, bool dead) {
    const auto errors = ErrorCapture::make();
    if (!errors) return std::unexpected(errors.error());
    auto process = Process::start(user_unmount_command(mountpoint, dead), errors->descriptor());
    if (!process) return std::unexpected(process.error());
    const auto ended = process->wait();
    if (!ended) return std::unexpected(ended.error());
    if (ended->status == 0) return {};
    const std::string said = fmt::format("{}", fmt::join(errors->lines(), "; "));
    if (said.contains(std::strerror(EBUSY)) || said.contains("target is busy")) return busy(mountpoint);
    return fail(ErrorKind::io, EPERM,
                fmt::format("cannot unmount {}: {}{}", omf::printable(mountpoint), omf::printable(said),
                            user_unmount_hint(mountpoint)));
}

Result<void> clean_up(Console& console, RunDirectory& run, bool orderly) {
    if (!run.wait_for_daemon(daemon_limit)) {
        return fail(ErrorKind::io, ETIMEDOUT,
                    fmt::format("unmounted, but the daemon (process {}) still runs after {} s; {} is left",
                                run.daemon_pid(), daemon_limit.count(), omf::printable(run.path())));
    }
    if (!run.lock(daemon_limit)) {
        return fail(ErrorKind::io, ETIMEDOUT,
                    fmt::format("unmounted, but another famfs still has {} after {} s",
                                omf::printable(run.path()), daemon_limit.count()));
    }
    if (run.is_gone()) return {};  // `famfs mount --foreground` cleans up itself
    give_mode_back(console, run.record().device, run.record().mode_before, orderly);
    return run.remove();
}

Result<void> unmount(Console& console, const std::string& text) {
    const auto path = mountpoint_path(text);
    if (!path) return std::unexpected(path.error());
    const auto mounts = read_mounts();
    if (!mounts) return std::unexpected(mounts.error());
    const Mount* const mount = find_mount(*mounts, *path);
    auto run = RunDirectory::find(*path);
    bool orderly = false;
    if (mount != nullptr && mount->famfs()) {
        orderly = !has_no_daemon(*path);
        auto done = ::geteuid() == 0 ? unmount_as_root(*path, !orderly) : unmount_as_user(*path, !orderly);
        if (!done) return done;
    } else if (run) {
        console.note(
            fmt::format("{}: not mounted any more; removed what was left of it", omf::printable(text)));
    } else {
        return fail(ErrorKind::refused, EINVAL,
                    fmt::format("{}: not a famfs mount point", omf::printable(text)));
    }
    auto cleaned = run ? clean_up(console, *run, orderly) : Result<void>();
    RunDirectory::remove_stale(console);
    return cleaned;
}

}  // namespace

int run_umount(Console& console, Arguments arguments) {
    std::string mountpoint;
    CommandLine line(console, "umount");
    line.add_subject("MOUNTPOINT", mountpoint, "Where the famfs is mounted");
    if (const auto status = line.parse(arguments)) return *status;
    const auto done = unmount(console, mountpoint);
    return done ? exit_done : console.fail(done.error());
}

}  // namespace famfs::cli
