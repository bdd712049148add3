// famfs mount: replays the log into a shadow tree and starts the daemon that serves it.
#include "famfs-cli/mount/mount.h"

#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/verb.h"

namespace famfs::cli {
namespace {

void declare(CommandLine& line, MountRequest& request, std::vector<std::string>& options) {
    line.add_subject("DEVICE", request.device, "/dev/daxX.Y, daxX.Y, or an image file");
    line.add_subject("MOUNTPOINT", request.mountpoint, "A directory");
    line.add_texts("--device", request.further_devices, "PATH",
                   "A further device of the pool; those in /dev are found");
    line.add_text("--shadow", request.shadow, "DIR", "Keep the shadow tree here, also after the mount");
    line.add_choice("--data-path", request.data_path, data_path_names, "How bytes reach the memory (auto)");
    line.add_flag("--read-only", request.read_only, "Refuse all writes through the mount");
    line.add_flag("--foreground", request.foreground, "Stay until the mount ends");
    line.add_texts("-o", options, "OPTIONS", "Mount options, separated by commas");
}

// --read-only is not taken back by -o rw.
Result<void> take_options(const std::vector<std::string>& options, MountRequest& request) {
    const bool read_only = request.read_only;
    for (const auto& text : options) {
        for (const auto& option : split_mount_options(text)) {
            if (auto taken = take_mount_option(option, request); !taken) return taken;
        }
    }
    request.read_only = request.read_only || read_only;
    return {};
}

}  // namespace

int run_mount(Console& console, Arguments arguments) {
    MountRequest request;
    std::vector<std::string> options;
    CommandLine line(console, "mount");
    declare(line, request, options);
    if (const auto status = line.parse(arguments)) return *status;
    if (const auto taken = take_options(options, request); !taken)
        return line.usage_error("-o " + taken.error().message);
    return mount_pool(console, request);
}

}  // namespace famfs::cli
