#include "famfs-cli/mount/mount.h"

#include "famfs-cli/mount/device_mode.h"
#include "famfs-cli/mount/further_devices.h"
#include "famfs-cli/mount/meta_mount.h"
#include "famfs-cli/mount/process.h"
#include "famfs-cli/mount/run_directory.h"
#include "famfs-cli/mount/shadow_form.h"
#include "famfs-cli/mount/stale_mounts.h"
#include "famfs-cli/mount/target.h"
#include "famfs-cli/ui/findings.h"
#include "famfs-cli/ui/interrupt.h"
#include "liblog/pool/pool.h"
#include "liblog/private_directory.h"
#include "liblog/shadow/logplay.h"
#include "omf/path.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <thread>

namespace famfs::cli {
namespace {

constexpr auto daemon_limit = std::chrono::seconds(30);

// Removes the run directory again unless the mount came about.
class RunGuard {
  public:
    RunGuard(Console& console, const RunDirectory& directory) : console_(console), directory_(&directory) {}
    RunGuard(const RunGuard&) = delete;
    RunGuard& operator=(const RunGuard&) = delete;
    ~RunGuard() {
        if (directory_ == nullptr) return;
        if (const auto removed = directory_->remove(); !removed) console_.error(removed.error().message);
    }
    void keep() { directory_ = nullptr; }

  private:
    Console& console_;
    const RunDirectory* directory_;
};

// The mount point's absolute path, if a mount can go there.
Result<std::string> check_mountpoint(const std::string& text) {
    auto path = mountpoint_path(text);
    if (!path) return path;
    const auto mounts = read_mounts();
    if (!mounts) return std::unexpected(mounts.error());
    const auto there = identity_at(*path);
    if (!there) return std::unexpected(there.error());
    const Mount* const mount = find_mount(*mounts, *there);
    if (mount != nullptr && mount->famfs() && mount->mountpoint == *path) {
        return fail(ErrorKind::busy, EBUSY,
                    fmt::format("{}: {} is mounted here already; famfs umount frees it", omf::printable(text),
                                omf::printable(mount->source)));
    }
    const FileDescriptor directory(::open(path->c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (directory) return path;
    return fail_errno(errno, omf::printable(text));
}

std::vector<std::string> daemon_command(const MountRequest& request, const MountRecord& record,
                                        const std::vector<std::string>& further_devices,
                                        const std::string& pid_path) {
    std::vector<std::string> command{
        find_program("famfs-fused"), "--shadow",   record.shadow, "--device", record.device, "--data-path",
        request.data_path,           "--pid-file", pid_path};
    for (const auto& device : further_devices)
        command.insert(command.end(), {"--device", device});
    if (request.read_only) command.emplace_back("--read-only");
    if (request.foreground) command.emplace_back("--foreground");
    for (const auto& option : request.options)
        command.insert(command.end(), {"-o", option});
    command.insert(command.end(), {"--", record.mountpoint});
    return command;
}

// Notes what the mount is known by, once it is there; whether it is.
bool note_identity(const MountRecord& record, const RunDirectory& run) {
    const auto mounts = read_mounts();
    const Mount* const mount = mounts ? find_mount(*mounts, record.mountpoint) : nullptr;
    if (mount == nullptr || !mount->famfs() || mount->source != record.device) return false;
    return run.write_identity(identify(*mount)).has_value();
}

// Waits for the daemon's first process, which ends when the mount answers, or with --foreground when it is
// over. A signal to us is one to it.
Result<Ended> wait_for(Process& daemon, Interrupt& interrupt, const MountRecord& record,
                       const RunDirectory& run) {
    bool told = false;
    bool noted = false;
    while (true) {
        const auto polled = daemon.poll(std::chrono::milliseconds(100));
        if (!polled) return std::unexpected(polled.error());
        if (!noted) noted = note_identity(record, run);
        if (const auto& ended = polled.value(); ended.has_value()) return *ended;
        if (told || !interrupt.requested()) continue;
        ::kill(daemon.pid(), SIGTERM);
        told = true;
    }
}

// What the daemon said becomes ours: an error is one line, whoever found it.
void repeat(Console& console, const std::vector<std::string>& lines) {
    for (const std::string_view line : lines)
        console.error(without_daemon_name(line));
}

int explain(Console& console, const Ended& ended, Interrupt& interrupt,
            const std::vector<std::string>& said) {
    if (interrupt.requested()) return exit_interrupted;
    repeat(console, said);
    if (ended.signalled) {
        console.error(fmt::format("famfs-fused was ended by signal {}", ended.status - 128));
    } else if (said.empty()) {
        console.error(fmt::format("famfs-fused ended with status {}", ended.status));
    }
    return ended.status >= exit_usage && ended.status <= exit_system ? ended.status : int{exit_system};
}

// The command may have ended, by a signal, when its daemon had already told that it mounted.
void end_daemon(const RunDirectory& run) {
    if (!run.wait_for_daemon(std::chrono::milliseconds(0)) && run.daemon_pid() > 0)
        ::kill(run.daemon_pid(), SIGTERM);
    static_cast<void>(run.wait_for_daemon(daemon_limit));
}

// Returns when the mount answers, or with --foreground when it is over; no value if it came to be. A signal
// that comes later than that is no failure: whether there is a mount and what the exit status says agree.
Result<std::optional<int>> serve(Console& console, const MountRequest& request, const MountRecord& record,
                                 const std::vector<std::string>& further_devices, const RunDirectory& run,
                                 Interrupt& interrupt) {
    if (interrupt.requested()) return exit_interrupted;
    const auto errors = ErrorCapture::make();
    if (!errors) return std::unexpected(errors.error());
    std::optional<int> captured;
    if (!request.foreground) captured = errors->descriptor();
    auto daemon = Process::start(daemon_command(request, record, further_devices, run.pid_path()), captured);
    if (!daemon && daemon.error().code == ENOENT) {
        return fail(ErrorKind::io, ENOENT, "cannot find famfs-fused; install it beside famfs or in $PATH");
    }
    if (!daemon) return std::unexpected(daemon.error());
    const auto ended = wait_for(*daemon, interrupt, record, run);
    if (!ended) return std::unexpected(ended.error());
    if (ended->signalled || ended->status != 0) {
        end_daemon(run);
        return explain(console, *ended, interrupt, errors->lines());
    }
    repeat(console, errors->lines());
    return std::nullopt;
}

void say_mounted(Console& console, const MountRecord& record, pool::Role role) {
    if (!console.verbose) return;
    const auto mount = resolve_mountpoint(record.mountpoint);
    console.print("{}: {}, {}, data path {}\n", omf::printable(record.mountpoint),
                  omf::printable(record.device), pool::name(role), mount ? mount->data_path : "unknown");
}

// The allocation unit of the pool on the device, once one was seen there.
Result<std::uint64_t> find_pool(const std::string& path) {
    const auto pool = pool::Pool::open(path, device::Access::read_only);
    if (!pool) return std::unexpected(pool.error());
    return pool->superblock().allocation_unit;
}

// What lets the device be read before it is mounted, where that takes a mount.
Result<std::optional<MetaMount>> reader_of(const std::string& path) {
    if (!needs_meta_mount(path)) return std::nullopt;
    auto made = MetaMount::make(path);
    if (!made) return std::unexpected(made.error());
    return std::optional(std::move(*made));
}

struct PlayedPool {
    pool::Role role = pool::Role::client;
    std::vector<std::string> further_devices;  // paths
};

// Brings the shadow tree up to date. The devices are closed again: the kernel may want them for itself.
Result<PlayedPool> play_log(const MountRecord& record, const MountRequest& request,
                            FindingReporter& reporter) {
    const auto pool = pool::Pool::open(record.device, device::Access::read_only);
    if (!pool) return std::unexpected(pool.error());
    const auto played =
        shadow::logplay(*pool, record.shadow, {shadow_form(record.shadow), false, reporter.hooks()});
    if (!played) return std::unexpected(played.error());
    auto further =
        find_further_devices(pool->superblock().file_system, played->devices, request.further_devices);
    if (!further) return std::unexpected(further.error());
    return PlayedPool{pool->role(), std::move(*further)};
}

// The steps of a mount; what one of them made goes away with it if a later one fails.
Result<int> mount_steps(Console& console, const MountRequest& request, Interrupt& interrupt) {
    const auto mountpoint = check_mountpoint(request.mountpoint);
    if (!mountpoint) return std::unexpected(mountpoint.error());
    remove_stale_mounts(console);
    const auto device = device::resolve_device_path(request.device);
    if (!device) return std::unexpected(device.error());
    if (request.data_path != "yaml")
        if (auto room = check_room(*device); !room) return std::unexpected(room.error());
    auto reader = reader_of(*device);
    if (!reader) return std::unexpected(reader.error());
    const auto unit = find_pool(*device);
    if (!unit) return std::unexpected(unit.error());
    auto run = RunDirectory::create();
    if (!run) return std::unexpected(run.error());
    RunGuard guard(console, *run);
    auto mode = ModeChange::plan(console, *device, request.data_path, *unit);
    if (!mode) return std::unexpected(mode.error());
    const auto shadow = request.shadow.empty() ? run->shadow_path() : resolve_directory(request.shadow);
    if (!shadow) return std::unexpected(shadow.error());
    const MountRecord record{*mountpoint, *device, *shadow, request.shadow.empty(), mode->before()};
    if (const auto written = run->write_record(record); !written) return std::unexpected(written.error());

    FindingReporter reporter(console, *device);
    const auto played = play_log(record, request, reporter);
    if (!played) return std::unexpected(played.error());
    if (reader->has_value())
        if (auto ended = (*reader)->end(); !ended) return std::unexpected(ended.error());
    if (auto applied = mode->apply(); !applied) return std::unexpected(applied.error());
    const auto failed = serve(console, request, record, played->further_devices, *run, interrupt);
    if (!failed) return std::unexpected(failed.error());
    if (const auto& status = failed.value(); status.has_value()) return *status;
    if (!request.foreground) {
        guard.keep();
        mode->keep();
        static_cast<void>(interrupt.requested());  // one that came too late
        say_mounted(console, record, played->role);
    }
    return reporter.any() ? exit_findings : exit_done;
}

}  // namespace

int mount_pool(Console& console, const MountRequest& request) {
    Interrupt interrupt;
    const auto status = mount_steps(console, request, interrupt);
    if (status) return *status;
    return interrupt.requested() ? exit_interrupted : console.fail(status.error());
}

}  // namespace famfs::cli
