#include "famfs-cli/verbs/verb.h"

#include <algorithm>
#include <array>

namespace famfs::cli {
namespace {

constexpr std::array table{
    Verb{"mkfs", "make a famfs on a dax device or in an image file", run_mkfs},
    Verb{"mount", "replay the log and serve the files at a mount point", run_mount},
    Verb{"umount", "unmount, wait for the daemon, and clean up after it", run_umount},
    Verb{"logplay", "bring a shadow tree up to date with the log", run_logplay},
    Verb{"mkdir", "make directories in a mount (master only)", run_mkdir},
    Verb{"creat", "make files of a given size, reading as zeros (master only)", run_creat},
    Verb{"cp", "copy files and directories into a mount (master only)", run_cp},
    Verb{"verify", "compare content in a mount with a directory tree", run_verify},
    Verb{"fsck", "check superblock, log, every entry and every extent", run_fsck},
    Verb{"info", "show superblock, role, log use, space and data path", run_info},
    Verb{"map", "show where files lie in memory", run_map},
    Verb{"dump", "show every log entry", run_dump},
    Verb{"devices", "list the dax devices, their mode, and who uses them", run_devices},
    Verb{"flush", "write back and drop the CPU caches of files", run_flush},
};

}  // namespace

std::span<const Verb> verbs() {
    return table;
}

const Verb* find_verb(std::string_view name) {
    const auto found = std::ranges::find(table, name, &Verb::name);
    return found == table.end() ? nullptr : &*found;
}

}  // namespace famfs::cli
