#include "famfs-fused/options.h"

#include "famfs-fused/version.h"
#include "omf/path.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace famfs::fused {

namespace {

constexpr unsigned most_threads = 256;

// Enough that one slow request does not hold up the rest.
unsigned default_threads() {
    return std::clamp(std::thread::hardware_concurrency(), 2U, 16U);
}

std::unexpected<Error> usage(const std::string& message) {
    return fail(ErrorKind::usage, EINVAL, omf::printable(message) + "; see famfs-fused --help");
}

// Ends the parsing, as --help does.
struct Offers : CLI::Success {
    Offers() : CLI::Success("Offers", CLI::ExitCodes::Success) {}
};

std::string offers_text() {
    const auto line = [](std::string_view path, const std::string& objection) {
        return fmt::format("{}: {}\n", path, objection.empty() ? "yes" : "no, " + objection);
    };
    return line("iomap", objection_to_maps()) + line("extfile", objection_to_passthrough());
}

struct Raw {
    Options options;
    std::string data_path = "auto";
    std::string kernel_abi = "auto";
    std::string sandbox = "full";
    std::vector<std::string> mount_options;
};

void declare(CLI::App& app, Raw& raw) {
    Options& options = raw.options;
    app.name("famfs-fused");
    app.set_version_flag("--version", version_line);
    app.add_flag_callback(
        "--offers", [] { throw Offers(); }, "Say which data paths through the kernel it offers, and exit");
    app.option_defaults()->always_capture_default(false);
    app.add_option("--shadow", options.shadow, "Shadow tree to serve")->type_name("DIR")->required();
    app.add_option("--device", options.devices, "Device of the pool (default: those of DIR/devices.yaml)")
        ->type_name("DEVICE")
        ->allow_extra_args(false)
        ->take_all();
    app.add_option("--data-path", raw.data_path, "auto, iomap, extfile, copy or yaml")->type_name("PATH");
    app.add_option("--kernel-abi", raw.kernel_abi, "How the kernel asks for maps: auto, v10, next or none")
        ->type_name("ABI");
    app.add_flag("--foreground", options.foreground, "Stay in the foreground and log to standard error");
    app.add_option("--threads", options.threads, "Worker threads (default: one per core, at least 2)")
        ->type_name("N");
    app.add_flag("--read-only", options.read_only, "Refuse every write");
    app.add_option("--pid-file", options.pid_file, "Write the process id there, and lock it until exit")
        ->type_name("FILE");
    app.add_option("--sandbox", raw.sandbox,
                   "none, caps or full (default): what the daemon gives up once it serves")
        ->type_name("LEVEL");
    app.add_option("-o", raw.mount_options, "direct_io, attr_timeout=S, entry_timeout=S, and what FUSE knows")
        ->type_name("OPTION[,OPTION]")
        ->allow_extra_args(false)
        ->take_all();
    app.add_option("MOUNTPOINT", options.mountpoint, "Where to mount")->required();
}

Result<std::variant<Options, Information>> settle(Raw raw) {
    Options& options = raw.options;
    const auto data_path = parse_data_path(raw.data_path);
    if (!data_path)
        return usage("--data-path " + raw.data_path + ": not one of auto, iomap, extfile, copy, yaml");
    options.data_path = *data_path;
    const auto kernel_abi = parse_kernel_abi(raw.kernel_abi);
    if (!kernel_abi) return usage("--kernel-abi " + raw.kernel_abi + ": not one of auto, v10, next, none");
    options.kernel_abi = *kernel_abi;
    const auto sandbox = parse_sandbox_level(raw.sandbox);
    if (!sandbox) return usage("--sandbox " + raw.sandbox + ": not one of none, caps, full");
    options.sandbox = *sandbox;
    if (options.threads > most_threads) {
        return usage("--threads " + std::to_string(options.threads) + ": more than " +
                     std::to_string(most_threads));
    }
    if (options.threads == 0) options.threads = default_threads();
    for (const std::string& text : raw.mount_options) {
        if (auto added = add_mount_options(text, options.mount); !added)
            return std::unexpected(added.error());
    }
    // The shadow tree itself is not for writing.
    options.read_only |= options.mount.read_only || options.data_path == DataPathKind::yaml;
    options.mount.read_only = options.read_only;
    return std::move(options);
}

}  // namespace

Result<std::variant<Options, Information>> parse_options(int count, const char* const* arguments) {
    CLI::App app("Serves a famfs shadow tree through FUSE.");
    Raw raw;
    declare(app, raw);
    try {
        app.parse(count, arguments);
    } catch (const CLI::CallForHelp&) {
        return Information{app.help()};
    } catch (const CLI::CallForVersion&) {
        return Information{std::string(version_line) + "\n"};
    } catch (const Offers&) {
        return Information{offers_text()};
    } catch (const CLI::ParseError& problem) {
        return usage(problem.what());
    }
    return settle(std::move(raw));
}

}  // namespace famfs::fused
