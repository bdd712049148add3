// The verbs: a name, a line for --help, and the function that does it. The table is in verbs.cpp.
#pragma once

#include "famfs-cli/ui/console.h"

#include <span>
#include <string>
#include <string_view>

namespace famfs::cli {

// What follows the verb on the command line.
using Arguments = std::span<const std::string>;

// Parses the arguments, does the work, says what there is to say. Returns the exit status.
using VerbFunction = int (*)(Console& console, Arguments arguments);

struct Verb {
    std::string_view name;
    std::string_view summary;  // what --help of the program and of the verb say it does
    VerbFunction run;
};

std::span<const Verb> verbs();
const Verb* find_verb(std::string_view name);  // nullptr if there is none

int run_mkfs(Console& console, Arguments arguments);
int run_mount(Console& console, Arguments arguments);
int run_umount(Console& console, Arguments arguments);
int run_logplay(Console& console, Arguments arguments);
int run_mkdir(Console& console, Arguments arguments);
int run_creat(Console& console, Arguments arguments);
int run_cp(Console& console, Arguments arguments);
int run_verify(Console& console, Arguments arguments);
int run_fsck(Console& console, Arguments arguments);
int run_info(Console& console, Arguments arguments);
int run_map(Console& console, Arguments arguments);
int run_devices(Console& console, Arguments arguments);
int run_dump(Console& console, Arguments arguments);
int run_flush(Console& console, Arguments arguments);

// mount.famfs, as mount(8) calls it: DEVICE MOUNTPOINT [-sfnv] [-o options].
int run_mount_helper(Console& console, Arguments arguments);

}  // namespace famfs::cli
