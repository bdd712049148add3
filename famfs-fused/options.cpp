#include "famfs-fused/options.h"

#include "famfs-fused/fuse/choice/capabilities.h"
#include "famfs-fused/version.h"
#include "liblog/argument_parser.h"
#include "liblog/parse_number.h"
#include "omf/path.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace famfs::fused {

namespace {

constexpr unsigned max_threads = 256;

// Enough that one slow request does not hold up the rest.
unsigned default_threads() {
    return std::clamp(std::thread::hardware_concurrency(), 2U, 16U);
}

std::unexpected<Error> usage(const std::string& message) {
    return fail(ErrorKind::usage, EINVAL, message + "; see famfs-fused --help");
}

struct Raw {
    Options options;
    std::string data_path = "auto";
    std::string kernel_abi = "auto";
    std::string sandbox = "full";
    std::vector<std::string> mount_options;
    bool help = false;
    bool version = false;
    bool offers = false;
};

ArgumentParser::Take store_number(unsigned& number) {
    return [&number](const std::string& text) -> Result<void> {
        const auto parsed = parse_number<unsigned>(text);
        if (!parsed) return fail(ErrorKind::usage, EINVAL, omf::printable(text) + " is not a number");
        number = *parsed;
        return {};
    };
}

ArgumentParser::Take store_descriptor(std::optional<int>& descriptor) {
    return [&descriptor](const std::string& text) -> Result<void> {
        descriptor = parse_number<int>(text);
        if (descriptor && *descriptor > STDERR_FILENO) return {};
        return fail(ErrorKind::usage, EINVAL, omf::printable(text) + " is not a descriptor from 3 on");
    };
}

void declare(ArgumentParser& parser, Raw& raw) {
    using Parser = ArgumentParser;
    using Option = Parser::Option;
    Options& options = raw.options;
    parser.add_stop("-h,--help", "Show this and exit", raw.help);
    parser.add_stop("--version", "Say which version this is, and exit", raw.version);
    parser.add_stop("--offers", "Say what the kernel offers, as JSON, and exit", raw.offers);
    parser.add(Option{"--shadow", "DIR", "Shadow tree to serve", Parser::store(options.shadow), true});
    parser.add(Option{"--device", "DEVICE", "Device of the pool (default: those of DIR/devices.yaml)",
                      Parser::append(options.devices), false, true});
    parser.add(
        Option{"--data-path", "PATH", "auto, iomap, extfile, copy or yaml", Parser::store(raw.data_path)});
    parser.add(Option{"--kernel-abi", "ABI", "How the kernel asks for maps: auto, v10, next or none",
                      Parser::store(raw.kernel_abi)});
    parser.add(Option{"--foreground", "", "Stay in the foreground and log to standard error",
                      Parser::set(options.foreground)});
    parser.add(Option{"--threads", "N", "Worker threads (default: one per core, at least 2)",
                      store_number(options.threads)});
    parser.add(Option{"--read-only", "", "Refuse every write", Parser::set(options.read_only)});
    parser.add(Option{"--pid-file", "FILE", "Write the process id there, and lock it until exit",
                      Parser::store(options.pid_file)});
    parser.add(Option{"--status-fd", "N", "Write to this descriptor, as JSON, why the mount failed",
                      store_descriptor(options.status_descriptor)});
    parser.add(Option{"--sandbox", "LEVEL",
                      "none, caps or full (default): what the daemon gives up once it serves",
                      Parser::store(raw.sandbox)});
    parser.add(Option{"-o", "OPTION[,OPTION]",
                      "direct_io, attr_timeout=S, entry_timeout=S, and what FUSE knows",
                      Parser::append(raw.mount_options), false, true});
    parser.add(Parser::Operand{"MOUNTPOINT", "Where to mount", Parser::store(options.mountpoint)});
}

Result<std::variant<Options, Information>> settle(Raw raw) {
    Options& options = raw.options;
    const auto data_path = parse_data_path(raw.data_path);
    if (!data_path)
        return usage("--data-path " + omf::printable(raw.data_path) +
                     ": not one of auto, iomap, extfile, copy, yaml");
    options.data_path = *data_path;
    const auto kernel_abi = parse_kernel_abi(raw.kernel_abi);
    if (!kernel_abi)
        return usage("--kernel-abi " + omf::printable(raw.kernel_abi) + ": not one of auto, v10, next, none");
    options.kernel_abi = *kernel_abi;
    const auto sandbox = parse_sandbox_level(raw.sandbox);
    if (!sandbox) return usage("--sandbox " + omf::printable(raw.sandbox) + ": not one of none, caps, full");
    options.sandbox = *sandbox;
    if (options.threads > max_threads) {
        return usage("--threads " + std::to_string(options.threads) + ": more than " +
                     std::to_string(max_threads));
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
    const std::vector<std::string> words(arguments + std::min(count, 1), arguments + count);
    ArgumentParser parser;
    Raw raw;
    declare(parser, raw);
    if (const auto parsed = parser.parse(words); !parsed) return usage(parsed.error().message);
    if (raw.version) return Information{std::string(version_line) + "\n"};
    if (raw.offers) return Information{records::write_capabilities(find_capabilities())};
    if (raw.help)
        return Information{parser.help("famfs-fused", "Serves a famfs shadow tree through FUSE.\n")};
    return settle(std::move(raw));
}

}  // namespace famfs::fused
