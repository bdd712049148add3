#include "famfs-cli/mount/unmount.h"

#include "famfs-cli/mount/ask_within.h"
#include "famfs-cli/mount/device_mode.h"
#include "famfs-cli/mount/mount_users.h"
#include "famfs-cli/mount/process.h"
#include "famfs-cli/mount/run_directory.h"
#include "famfs-cli/mount/target.h"
#include "liblog/mount_identity.h"
#include "liblog/user_unmount.h"
#include "omf/path.h"

#include <fmt/ranges.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace famfs::cli {
namespace {

constexpr auto daemon_limit = std::chrono::seconds(30);
constexpr auto usual_end = std::chrono::seconds(1);     // of a daemon whose mount is gone
constexpr auto answer_limit = std::chrono::seconds(5);  // of a daemon that is not stopped

// What is said of processes and mounts; "" also if looking took too long.
std::string look(const std::function<std::string()>& question) {
    return ask_within(answer_limit, question).value_or("");
}

std::unexpected<Error> busy(const Mount& mount) {
    const std::string shown = omf::printable(mount.mountpoint);
    const std::string users = look([&] { return describe_file_users(identify(mount)); });
    if (!users.empty())
        return fail(ErrorKind::busy, EBUSY,
                    fmt::format("{}: busy: {}; --lazy unmounts now and lets them finish", shown, users));
    return fail(
        ErrorKind::busy, EBUSY,
        fmt::format("{0}: busy: a process that cannot be seen from here has a file open or its working "
                    "directory there; fuser -vm {0} as root names it, --lazy unmounts now",
                    shown));
}

// stat() would be answered from the kernel's cache. One that does not answer is there.
bool has_no_daemon(const std::string& mountpoint) {
    const std::string gone = "gone";
    return look([&] {
               struct statfs status{};
               return ::statfs(mountpoint.c_str(), &status) != 0 && errno == ENOTCONN ? gone : std::string();
           }) == gone;
}

// Of the daemon's processes, one that was stopped.
std::optional<pid_t> find_stopped(const RunDirectory* run, dev_t device) {
    std::vector<pid_t> processes = daemons_of(device);
    if (run != nullptr && run->daemon_pid() != 0) {
        processes.push_back(run->daemon_pid());
        std::ranges::copy(children_of(run->daemon_pid()), std::back_inserter(processes));
    }
    const auto stopped = std::ranges::find_if(processes, is_stopped);
    return stopped == processes.end() ? std::nullopt : std::optional(*stopped);
}

std::string describe_stopped(pid_t pid) {
    return fmt::format("its daemon (process {0}) is stopped; kill -CONT {0} lets it go on", pid);
}

Result<void> unmount_as_root(const Mount& mount, bool lazily) {
    if (lazily) return detach(mount);
    if (::umount2(mount.mountpoint.c_str(), UMOUNT_NOFOLLOW) == 0) return {};
    if (errno == EBUSY) return busy(mount);
    return fail_errno(errno, fmt::format("cannot unmount {}", omf::printable(mount.mountpoint)));
}

// A program with more rights does it; what it says becomes our line.
Result<void> unmount_as_user(const Mount& mount, bool lazily) {
    const auto errors = ErrorCapture::make();
    if (!errors) return std::unexpected(errors.error());
    auto process = Process::start(user_unmount_command(mount.mountpoint, lazily), errors->descriptor());
    if (!process) return std::unexpected(process.error());
    const auto ended = process->wait();
    if (!ended) return std::unexpected(ended.error());
    if (ended->status == 0) return {};
    const std::string said = fmt::format("{}", fmt::join(errors->lines(), "; "));
    if (said.contains(std::strerror(EBUSY)) || said.contains("target is busy")) return busy(mount);
    return fail(ErrorKind::io, EPERM,
                fmt::format("cannot unmount {}: {}{}", omf::printable(mount.mountpoint), omf::printable(said),
                            user_unmount_hint(mount.mountpoint)));
}

// What keeps a daemon that has nothing to serve at the mount point any more; "" if nothing is seen.
std::string describe_what_is_left(const RunDirectory& run, std::optional<dev_t> device) {
    if (!device) return {};
    const std::string mounts = look([&] { return describe_mounts_of(*device); });
    if (!mounts.empty()) return "it is still mounted: " + mounts;
    const std::string users = look([&] { return describe_file_users({0, *device, 0}); });
    if (!users.empty()) return "still in use: " + users;
    const auto stopped = find_stopped(&run, *device);
    return stopped ? describe_stopped(*stopped) : "";
}

// Waits while there is reason to think that the daemon is about to end.
Result<void> wait_for_end(const RunDirectory& run, std::optional<dev_t> device) {
    for (auto waited = std::chrono::seconds(0); waited < daemon_limit; waited += usual_end) {
        if (run.wait_for_daemon(usual_end)) return {};
        const std::string left = describe_what_is_left(run, device);
        if (left.empty()) continue;
        return fail(ErrorKind::busy, EBUSY,
                    fmt::format("unmounted, but the daemon (process {}) goes on: {}; {} is left until then",
                                run.daemon_pid(), left, omf::printable(run.path())));
    }
    return fail(ErrorKind::io, ETIMEDOUT,
                fmt::format("unmounted, but the daemon (process {}) still runs after {} s; {} is left",
                            run.daemon_pid(), daemon_limit.count(), omf::printable(run.path())));
}

// With --lazy what is still in use is nothing to wait for.
bool leaves_it(Console& console, const RunDirectory& run, std::optional<dev_t> device) {
    if (run.wait_for_daemon(usual_end)) return false;
    const std::string left = describe_what_is_left(run, device);
    console.note(fmt::format("the daemon (process {}) goes on{}{}; the next famfs mount cleans up after it",
                             run.daemon_pid(), left.empty() ? "" : ": ", left));
    return true;
}

Result<void> clean_up(Console& console, RunDirectory& run, std::optional<dev_t> device, bool orderly) {
    if (auto ended = wait_for_end(run, device); !ended) return ended;
    if (!run.lock(daemon_limit)) {
        return fail(ErrorKind::io, ETIMEDOUT,
                    fmt::format("unmounted, but another famfs still has {} after {} s",
                                omf::printable(run.path()), daemon_limit.count()));
    }
    if (run.is_gone()) return {};  // `famfs mount --foreground` cleans up itself
    give_mode_back(console, run.record().device, run.record().mode_before, orderly);
    return run.remove();
}

// Nothing of the mount may be asked before it is known whether its daemon answers.
Result<std::string> find_mountpoint(const std::string& text) {
    const auto answer = ask_within(answer_limit, [&] { return mountpoint_path(text).value_or(""); });
    if (answer && !answer->empty()) return *answer;
    if (answer) return mountpoint_path(text);  // for its error
    return fail(
        ErrorKind::busy, ETIMEDOUT,
        fmt::format("{}: no answer after {} s: it leads through a mount whose daemon has stopped; name "
                    "the mount point by another path",
                    omf::printable(text), answer_limit.count()));
}

// The famfs on this mount point, covered or not.
const Mount* find_famfs(const std::vector<Mount>& mounts, const std::string& mountpoint) {
    const auto found = std::find_if(mounts.rbegin(), mounts.rend(), [&](const Mount& mount) {
        return mount.famfs() && mount.mountpoint == mountpoint;
    });
    return found == mounts.rend() ? nullptr : &*found;
}

class Unmounting {
  public:
    Unmounting(Console& console, std::string text, bool lazy)
        : console_(console), text_(std::move(text)), lazy_(lazy) {}

    Result<void> run() {
        const auto path = find_mountpoint(text_);
        if (!path) return std::unexpected(path.error());
        const auto mounts = read_mounts();
        if (!mounts) return std::unexpected(mounts.error());
        [[maybe_unused]] const int moved = ::chdir("/");  // our own directory may be in the mount
        const Mount* const mount = find_famfs(*mounts, *path);
        auto run = RunDirectory::find(*path, mount);
        if (mount != nullptr) return take_away(*mounts, *mount, run);
        if (!run)
            return fail(ErrorKind::refused, EINVAL,
                        fmt::format("{}: not a famfs mount point", omf::printable(text_)));
        return clean_up_after(*mounts, *run);
    }

  private:
    Result<void> take_away(const std::vector<Mount>& mounts, const Mount& mount,
                           std::optional<RunDirectory>& run) {
        if (auto uncovered = check_uncovered(mounts, mount); !uncovered) return uncovered;
        const auto stopped = find_stopped(run ? &*run : nullptr, mount.device);
        if (stopped && !lazy_)
            return fail(ErrorKind::busy, EBUSY,
                        fmt::format("{}: {}, --lazy unmounts without it", omf::printable(text_),
                                    describe_stopped(*stopped)));
        // What programs have mapped stays theirs, and would keep a mount without a daemon busy for as long.
        const bool dead = !stopped && has_no_daemon(mount.mountpoint);
        const bool lazily = lazy_ || dead;
        if (auto checked = check_inner(mounts, mount, dead); !checked) return checked;
        auto done = ::geteuid() == 0 ? unmount_as_root(mount, lazily) : unmount_as_user(mount, lazily);
        if (!done || !run) return done;
        if (lazy_ && leaves_it(console_, *run, mount.device)) return {};
        return clean_up(console_, *run, mount.device, !dead);
    }

    // Without a daemon nobody comes to what is mounted in it, umount(8) neither.
    Result<void> check_inner(const std::vector<Mount>& mounts, const Mount& mount, bool dead) {
        const Mount* const inner = find_inner(mounts, mount);
        if (inner == nullptr || !dead) return check_empty(mounts, mount);
        const std::string said = fmt::format("{}: it has no daemon any more, and {} is mounted in it",
                                             omf::printable(text_), describe(*inner));
        if (!lazy_) return fail(ErrorKind::busy, EBUSY, said + "; --lazy takes both away");
        console_.note(said + ", which goes with it");
        return {};
    }

    // The mount went without us, or has another path by now.
    Result<void> clean_up_after(const std::vector<Mount>& mounts, RunDirectory& run) {
        const auto identity = run.identity();
        const Mount* const moved = identity ? find_mount(mounts, *identity) : nullptr;
        if (moved != nullptr)
            return fail(ErrorKind::refused, EINVAL,
                        fmt::format("{}: not mounted here any more, but on {}", omf::printable(text_),
                                    omf::printable(moved->mountpoint)));
        const auto device = identity ? std::optional(identity->device) : std::nullopt;
        if (lazy_ && leaves_it(console_, run, device)) return {};
        auto done = clean_up(console_, run, device, false);
        if (done)
            console_.note(
                fmt::format("{}: not mounted any more; removed what was left of it", omf::printable(text_)));
        return done;
    }

    Console& console_;
    std::string text_;
    bool lazy_;
};

}  // namespace

Result<void> unmount(Console& console, const std::string& mountpoint, bool lazy) {
    return Unmounting(console, mountpoint, lazy).run();
}

}  // namespace famfs::cli
