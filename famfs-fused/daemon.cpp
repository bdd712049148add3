#include "famfs-fused/daemon.h"

#include "famfs-fused/fuse/choice/choose.h"
#include "famfs-fused/fuse/ops/ops.h"
#include "famfs-fused/fuse/ops/read.h"
#include "famfs-fused/fuse/server/server.h"
#include "famfs-fused/fuse/session/session.h"
#include "famfs-fused/mount/mountpoint.h"
#include "famfs-fused/process/descriptors.h"
#include "famfs-fused/process/guardian.h"
#include "famfs-fused/process/pid_file.h"
#include "famfs-fused/process/signals.h"
#include "liblog/exit_status.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>

namespace famfs::fused {

namespace {

std::uint64_t seconds_now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

Settings settings_of(const Options& options) {
    return {.attribute_timeout = options.mount.attribute_timeout,
            .entry_timeout = options.mount.entry_timeout,
            .direct_io = options.mount.direct_io,
            .max_read = options.mount.max_read,
            .read_only = options.read_only,
            .kernel_abi = options.kernel_abi,
            .generation = seconds_now()};
}

Result<Devices> locate_devices(const Options& options, const ShadowRoot& shadow) {
    if (options.data_path == DataPathKind::yaml) return Devices{};
    return Devices::locate(shadow, options.devices);
}

Result<Choice> choose(const Options& options, const Devices& devices) {
    std::string device;
    std::uint64_t unit = omf::default_allocation_unit;
    if (options.data_path != DataPathKind::yaml) {
        device = devices.table().devices().front().path;
        unit = devices.table().allocation_unit;
    }
    return choose_data_path(options.data_path, look_at_situation(device, options.kernel_abi, unit));
}

// What the mount table shows: the pool's first device, or the shadow tree where there is none.
std::string source_of(const Options& options, const Server& server) {
    const auto& memories = server.service().devices().memories();
    if (!memories.empty()) return memories.front()->description().path;
    if (options.data_path != DataPathKind::yaml)
        return server.service().devices().table().devices().front().path;
    return options.devices.empty() ? server.service().shadow().directory() : options.devices.front();
}

// Waits until the session has something to tell or a signal has come.
enum class Event { change, signal };
Event wait_for_event(const Session& session, const FileDescriptor& signals) {
    std::array<pollfd, 2> waiting{pollfd{signals.get(), POLLIN, 0}, pollfd{session.changed(), POLLIN, 0}};
    while (::poll(waiting.data(), waiting.size(), -1) < 0 && errno == EINTR)
        continue;
    if (waiting[0].revents != 0) return Event::signal;
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(session.changed(), &count, sizeof count);
    return Event::change;
}

// The kernel resolves a device's path as whoever opens the first file sees it. So that is us, on a file that
// every pool has. It opens even if the kernel cannot have the device for this mount, but then has no bytes.
Result<void> try_own_file(const std::string& mountpoint, const std::string& device) {
    const std::string path = mountpoint + "/.meta/.superblock";
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return fail_errno(errno, omf::printable(path));
    char byte = 0;
    if (::pread(file.get(), &byte, 1, 0) == 1) return {};
    return fail(ErrorKind::busy, EBUSY,
                fmt::format("data path iomap: the kernel cannot have {} for this mount ({}): something else "
                            "holds it, such as another mount; a device takes one",
                            omf::printable(device), std::generic_category().message(errno)));
}

// Where a mount is to appear: a directory, or a descriptor that somebody else made a mount of.
struct Target {
    std::string directory;
    int connection = -1;
    std::optional<MountTurn> turn{};  // until it is mounted
};

Result<Target> find_target(const Options& options, const ShadowRoot& shadow) {
    if (const auto connection = parse_connection(options.mountpoint)) {
        if (*connection > STDERR_FILENO) return Target{"", *connection};
        return fail(ErrorKind::usage, EINVAL,
                    omf::printable(options.mountpoint) +
                        ": a connection is not standard input, output or "
                        "error; give a descriptor from 3 on");
    }
    auto directory = check_mountpoint(options.mountpoint, shadow.directory());
    if (!directory) return std::unexpected(directory.error());
    MountTurn turn(*directory);
    if (auto checked = check_mountpoint(*directory, shadow.directory()); !checked)
        return std::unexpected(checked.error());
    return Target{std::move(*directory), -1, std::move(turn)};
}

Result<void> connect(Session& session, Target& target) {
    if (target.connection >= 0) return session.attach(FileDescriptor(target.connection));
    auto mounted = session.mount(target.directory);
    target.turn.reset();
    return mounted;
}

// What is done outside, with all rights, once the kernel's INIT is answered.
Result<void> begin(const Server& server, const Target& target, const std::function<void()>& ready) {
    if (server.service().data().kernel_has_devices() && target.connection < 0) {
        const std::string& device = server.service().devices().table().devices().front().path;
        if (auto tried = try_own_file(target.directory, device); !tried) return tried;
    }
    ready();
    return {};
}

Result<void> run(Session& session, const FileDescriptor& signals, const Start& initialised) {
    bool begun = false;
    while (!session.ended()) {
        if (wait_for_event(session, signals) == Event::signal) {
            session.server().log().info("{}: unmounting", describe_signal(signals));
            return {};
        }
        if (begun || !session.initialised()) continue;
        begun = true;
        if (auto agreed = session.server().extension().ready(); !agreed) return agreed;
        if (auto started = initialised(); !started) return started;
    }
    // It may come and go faster than we look.
    if (!begun && !session.initialised())
        return fail(ErrorKind::io, ENOTCONN, "the mount went away before it answered");
    session.server().log().info("no connection to the kernel any more");
    return {};
}

// From here on this process has what serving needs, and no more.
Result<int> confine_and_run(const Options& options, Session& session, const FileDescriptor& signals,
                            const Start& initialised) {
    const Server& server = session.server();
    const auto confined = confine(options.sandbox, server.path(), server.service().shadow());
    if (!confined) return std::unexpected(confined.error());
    server.log().info("sandbox: {}", *confined);
    if (auto started = session.start(options.threads); !started) return std::unexpected(started.error());
    if (auto ran = run(session, signals, initialised); !ran) return std::unexpected(ran.error());
    return exit_done;
}

Result<int> mount_and_run(const Options& options, Target& target, Server& server, DaemonLog& log,
                          const std::function<void()>& ready) {
    const std::string source = source_of(options, server);
    auto session = Session::create(libfuse_options(options.mount, source, ::geteuid() == 0), server,
                                   {.table = &ops::table(), .read = ops::read});
    if (!session) return std::unexpected(session.error());
    const auto signals = take_signals();
    if (!signals) return std::unexpected(signals.error());
    if (auto connected = connect(**session, target); !connected) return std::unexpected(connected.error());
    [[maybe_unused]] const int moved = ::chdir("/");  // nobody's directory is kept busy
    const auto serve = [&](const Start& initialised) {
        return confine_and_run(options, **session, *signals, initialised);
    };
    const Start start = [&] { return begin(server, target, ready); };
    if (options.sandbox == SandboxLevel::none) return serve(start);
    return serve_guarded(**session, log,
                         {options.foreground ? Terminal::keep : Terminal::leave, serve, start});
}

// What may be read but not written can be mounted all the same.
Error advise(Error error, device::Access access) {
    const bool forbidden = error.code == EACCES || error.code == EPERM || error.code == EROFS;
    if (access == device::Access::read_write && error.kind == ErrorKind::io && forbidden)
        error.message += "; it can be mounted for reading, with --read-only or -o ro";
    return error;
}

Result<std::unique_ptr<Server>> open_server(const Options& options, ShadowRoot shadow, Log& log) {
    auto devices = locate_devices(options, shadow);
    if (!devices) return std::unexpected(devices.error());
    const auto choice = choose(options, *devices);
    if (!choice) return std::unexpected(choice.error());
    if (choice->kind == DataPathKind::copy || choice->kind == DataPathKind::extfile) {
        const auto access = options.read_only ? device::Access::read_only : device::Access::read_write;
        if (auto opened = devices->open(access); !opened)
            return std::unexpected(advise(opened.error(), access));
    }
    if (choice->kind == DataPathKind::iomap)
        if (auto held = devices->hold_modes(); !held) return std::unexpected(held.error());
    log.info("data path {}: {}", name(choice->kind), choice->reason);
    return Server::create(settings_of(options), std::move(shadow), std::move(*devices), choice->kind, log);
}

unsigned count_threads(unsigned wanted, Log& log) {
    const std::uint64_t limit = raise_descriptor_limit();
    const unsigned count = max_threads(limit, wanted);
    if (count < wanted)
        log.warning("{} threads instead of {}: at most {} descriptors may be open (ulimit -n)", count, wanted,
                    limit);
    return count;
}

}  // namespace

Result<int> serve(const Options& asked, DaemonLog& log, const std::function<void()>& ready) {
    Options options = asked;
    options.threads = count_threads(asked.threads, log);
    auto shadow = ShadowRoot::open(options.shadow);
    if (!shadow) return std::unexpected(shadow.error());
    auto target = find_target(options, *shadow);
    if (!target) return std::unexpected(target.error());
    std::optional<PidFile> pid_file;
    if (!options.pid_file.empty()) {
        auto created = PidFile::create(options.pid_file);
        if (!created) return std::unexpected(created.error());
        pid_file.emplace(std::move(*created));
    }
    auto server = open_server(options, std::move(*shadow), log);
    if (!server) return std::unexpected(server.error());
    return mount_and_run(options, *target, **server, log, [&] {
        ready();
        log.info("serving {} on {}", omf::printable(options.shadow), omf::printable(options.mountpoint));
    });
}

}  // namespace famfs::fused
