#include "famfs-fused/daemon.h"

#include "famfs-fused/guardian.h"
#include "famfs-fused/mountpoint.h"
#include "famfs-fused/pid_file.h"
#include "famfs-fused/server.h"
#include "famfs-fused/session/session.h"
#include "famfs-fused/signals.h"
#include "liblog/exit_status.h"
#include "omf/path.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>

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
            .read_only = options.read_only,
            .generation = seconds_now()};
}

Result<Devices> open_devices(const Options& options, const ShadowRoot& shadow, DataPathKind kind) {
    if (kind == DataPathKind::yaml) return Devices{};
    const auto access = options.read_only ? device::Access::read_only : device::Access::read_write;
    return Devices::open(shadow, options.devices, access);
}

// What the mount table shows: the device as it was opened, or the shadow tree where there is none.
std::string source_of(const Options& options, const Server& server) {
    if (!server.devices.memories().empty()) return server.devices.memories().front()->description().path;
    return options.devices.empty() ? server.shadow.directory() : options.devices.front();
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

Result<void> run(Session& session, const FileDescriptor& signals, const std::function<void()>& ready) {
    bool told = false;
    while (!session.ended()) {
        if (wait_for_event(session, signals) == Event::signal) return {};
        if (told || !session.initialised()) continue;
        told = true;
        ready();
    }
    if (!told) return fail(ErrorKind::io, ENOTCONN, "the mount went away before it answered");
    return {};
}

// From here on this process has what serving needs, and no more.
Result<int> confine_and_run(const Options& options, DataPathKind path, Session& session, Server& server,
                            const FileDescriptor& signals, const std::function<void()>& ready) {
    const auto confined = confine(options.sandbox, path, server.shadow);
    if (!confined) return std::unexpected(confined.error());
    server.log.info("sandbox: {}", *confined);
    if (auto started = session.start(options.threads); !started) return std::unexpected(started.error());
    if (auto ran = run(session, signals, ready); !ran) return std::unexpected(ran.error());
    return exit_done;
}

Result<int> mount_and_run(const Options& options, DataPathKind path, const std::string& mountpoint,
                          Server& server, const std::function<void()>& ready) {
    const std::string source = source_of(options, server);
    auto session = Session::create(libfuse_options(options.mount, source, ::geteuid() == 0), server);
    if (!session) return std::unexpected(session.error());
    const auto signals = take_signals();
    if (!signals) return std::unexpected(signals.error());
    if (auto mounted = (*session)->mount(mountpoint); !mounted) return std::unexpected(mounted.error());
    const auto serve = [&] { return confine_and_run(options, path, **session, server, *signals, ready); };
    if (options.sandbox == SandboxLevel::none) return serve();
    return serve_guarded(**session, !options.foreground, serve);
}

}  // namespace

Result<int> serve(const Options& options, Log& log, const std::function<void()>& ready) {
    auto shadow = ShadowRoot::open(options.shadow);
    if (!shadow) return std::unexpected(shadow.error());
    const auto mountpoint = check_mountpoint(options.mountpoint, shadow->directory());
    if (!mountpoint) return std::unexpected(mountpoint.error());
    const auto choice = choose_data_path(options.data_path);
    if (!choice) return std::unexpected(choice.error());
    std::optional<PidFile> pid_file;
    if (!options.pid_file.empty()) {
        auto created = PidFile::create(options.pid_file);
        if (!created) return std::unexpected(created.error());
        pid_file.emplace(std::move(*created));
    }
    auto devices = open_devices(options, *shadow, choice->kind);
    if (!devices) return std::unexpected(devices.error());
    auto server =
        Server::create(settings_of(options), std::move(*shadow), std::move(*devices), choice->kind, log);
    if (!server) return std::unexpected(server.error());
    log.info("data path {}: {}", name(choice->kind), choice->reason);
    return mount_and_run(options, choice->kind, *mountpoint, **server, [&] {
        ready();
        log.info("serving {} on {}", omf::printable(options.shadow), omf::printable(*mountpoint));
    });
}

}  // namespace famfs::fused
