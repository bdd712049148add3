// mount.famfs: the form in which mount(8) calls a file system's own mount program.
#include "famfs-cli/mount/mount.h"
#include "famfs-cli/mount/remount.h"
#include "famfs-cli/verbs/verb.h"
#include "liblog/argument_parser.h"
#include "omf/path.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace famfs::cli {
namespace {

struct HelperRequest {
    MountRequest mount;
    std::vector<std::string> options;
    bool remount = false;  // then there need be no device
    bool fake = false;
    bool sloppy = false;
};

Error usage(const std::string& message) {
    return {
        ErrorKind::usage, EINVAL,
        fmt::format("mount.famfs: {}; usage: mount.famfs DEVICE MOUNTPOINT [-sfnv] [-o OPTIONS]", message)};
}

// -t and -N come from mount(8) with a value that says nothing new; -n is about an mtab that nobody has.
void declare(ArgumentParser& parser, Console& console, HelperRequest& request,
             std::vector<std::string>& names, bool& help_wanted) {
    using Option = ArgumentParser::Option;
    const auto ignore = [](const std::string&) { return Result<void>(); };
    const auto take_options = [&request](const std::string& text) {
        std::ranges::move(split_mount_options(text), std::back_inserter(request.options));
        return Result<void>();
    };
    const auto mean = [&request](const char* option) {
        return [&request, option](const std::string&) {
            request.options.emplace_back(option);
            return Result<void>();
        };
    };
    parser.add_stop("-h,--help", "", help_wanted);
    parser.add(Option{"-s", "", "", ArgumentParser::set(request.sloppy)});
    parser.add(Option{"-f", "", "", ArgumentParser::set(request.fake)});
    parser.add(Option{"-n", "", "", ignore});
    parser.add(Option{"-v", "", "", ArgumentParser::set(console.verbose)});
    parser.add(Option{"-r", "", "", mean("ro")});
    parser.add(Option{"-w", "", "", mean("rw")});
    parser.add(Option{"-o", "OPTIONS", "", take_options, false, true});
    parser.add(Option{"-t", "TYPE", "", ignore, false, true});
    parser.add(Option{"-N", "NAMESPACE", "", ignore, false, true});
    parser.add(ArgumentParser::Operand{"NAME", "", ArgumentParser::append(names), false, true});
}

// A device and a mount point; of a remount the mount point is enough.
Result<void> take_names(std::vector<std::string> names, HelperRequest& request) {
    request.remount = std::ranges::find(request.options, "remount") != request.options.end();
    if (request.remount && names.size() == 1) names.insert(names.begin(), "");
    if (names.size() != 2) return std::unexpected(usage("needs a device and a mount point"));
    request.mount.device = std::move(names[0]);
    request.mount.mountpoint = std::move(names[1]);
    return {};
}

// With -s an option that nobody knows is left out instead of refused.
bool known_to_daemon(std::string_view option) {
    constexpr std::array words{"allow_other", "allow_root", "default_permissions",
                               "suid",        "nosuid",     "dev",
                               "nodev",       "exec",       "noexec",
                               "async",       "sync",       "atime",
                               "noatime",     "dirsync",    "auto_unmount",
                               "direct_io"};
    constexpr std::array prefixes{"attr_timeout=", "entry_timeout=", "max_read="};
    return std::ranges::find(words, option) != words.end() ||
           std::ranges::any_of(prefixes, [&](const char* prefix) { return option.starts_with(prefix); });
}

Result<void> take_options(HelperRequest& request) {
    for (const auto& option : request.options) {
        const auto taken = take_mount_option(option, request.mount);
        if (!taken) return std::unexpected(usage("-o " + taken.error().message));
    }
    if (request.sloppy)
        std::erase_if(request.mount.options, [](const auto& each) { return !known_to_daemon(each); });
    return {};
}

int run_remount(Console& console, const HelperRequest& request) {
    if (request.fake) return exit_done;
    const auto done = remount(console, request.mount.device, request.mount.mountpoint, request.options);
    return done ? exit_done : console.fail(done.error());
}

}  // namespace

int run_mount_helper(Console& console, Arguments arguments) {
    HelperRequest request;
    std::vector<std::string> names;
    bool help_wanted = false;
    ArgumentParser parser;
    declare(parser, console, request, names, help_wanted);
    if (const auto parsed = parser.parse(arguments); !parsed)
        return console.fail(usage(parsed.error().message));
    if (help_wanted) {
        console.write(
            "Usage: mount.famfs DEVICE MOUNTPOINT [-sfnv] [-o OPTIONS]\n\n"
            "For mount -t famfs and fstab. Manual: man mount.famfs\n");
        return exit_done;
    }
    if (const auto taken = take_names(std::move(names), request); !taken) return console.fail(taken.error());
    if (request.remount) return run_remount(console, request);
    if (const auto taken = take_options(request); !taken) return console.fail(taken.error());
    return request.fake ? exit_done : mount_pool(console, request.mount);
}

}  // namespace famfs::cli
