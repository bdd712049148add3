// famfs umount: unmounts, waits for the daemon, and removes what `famfs mount` made.
#include "famfs-cli/mount/stale_mounts.h"
#include "famfs-cli/mount/unmount.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/verb.h"

namespace famfs::cli {

int run_umount(Console& console, Arguments arguments) {
    std::string mountpoint;
    bool lazy = false;
    CommandLine line(console, "umount");
    line.add_subject("MOUNTPOINT", mountpoint, "Where the famfs is mounted");
    line.add_flag("-l,--lazy", lazy, "Unmount now, also what is in use; do not wait for the daemon");
    if (const auto status = line.parse(arguments)) return *status;
    const auto done = unmount(console, mountpoint, lazy);
    remove_stale_mounts(console);
    return done ? exit_done : console.fail(done.error());
}

}  // namespace famfs::cli
