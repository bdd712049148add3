// mount.famfs: the form in which mount(8) calls a file system's own mount program.
#include "famfs-cli/mount.h"
#include "famfs-cli/verb.h"
#include "omf/path.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace famfs::cli {
namespace {

struct HelperRequest {
    MountRequest mount;
    std::vector<std::string> options;
    bool fake = false;
    bool sloppy = false;
};

Error usage(const std::string& message) {
    return {
        ErrorKind::usage, EINVAL,
        fmt::format("mount.famfs: {}; usage: mount.famfs DEVICE MOUNTPOINT [-sfnv] [-o OPTIONS]", message)};
}

Result<void> take_flags(Console& console, std::string_view word, HelperRequest& request) {
    for (const char flag : word.substr(1)) {
        switch (flag) {
            case 's':
                request.sloppy = true;
                break;
            case 'f':
                request.fake = true;
                break;
            case 'n':
                break;  // there is no mtab to leave alone
            case 'v':
                console.verbose = true;
                break;
            case 'r':
                request.mount.read_only = true;
                break;
            case 'w':
                request.mount.read_only = false;
                break;
            default:
                return std::unexpected(usage(fmt::format("{}: unknown option", omf::printable(word))));
        }
    }
    return {};
}

// -t and -N come from mount(8) with a value that says nothing new.
bool takes_value(std::string_view word) {
    return word == "-o" || word == "-t" || word == "-N";
}

Result<HelperRequest> parse(Console& console, Arguments arguments) {
    HelperRequest request;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (takes_value(word)) {
            if (++i == arguments.size()) return std::unexpected(usage(word + " needs a value"));
            if (word == "-o")
                std::ranges::move(split_mount_options(arguments[i]), std::back_inserter(request.options));
        } else if (word.size() > 1 && word.front() == '-') {
            if (const auto taken = take_flags(console, word, request); !taken)
                return std::unexpected(taken.error());
        } else {
            names.push_back(word);
        }
    }
    if (names.size() != 2) return std::unexpected(usage("needs a device and a mount point"));
    request.mount.device = names[0];
    request.mount.mountpoint = names[1];
    return request;
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

}  // namespace

int run_mount_helper(Console& console, Arguments arguments) {
    if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
        console.write(
            "Usage: mount.famfs DEVICE MOUNTPOINT [-sfnv] [-o OPTIONS]\n\n"
            "For mount -t famfs and fstab. Manual: man mount.famfs\n");
        return exit_done;
    }
    auto request = parse(console, arguments);
    if (!request) return console.fail(request.error());
    if (const auto taken = take_options(*request); !taken) return console.fail(taken.error());
    return request->fake ? exit_done : mount_pool(console, request->mount);
}

}  // namespace famfs::cli
