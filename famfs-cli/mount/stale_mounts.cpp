#include "famfs-cli/mount/stale_mounts.h"

#include "famfs-cli/mount/device_mode.h"
#include "famfs-cli/mount/run_directory.h"
#include "omf/path.h"

namespace famfs::cli {
namespace {

// Nothing else shows that there still is a mount, and why its device is not what it was. A daemon that is
// just ending gets a moment.
void note_detached(Console& console, const RunDirectory& directory) {
    constexpr auto moment = std::chrono::milliseconds(300);
    const MountRecord& record = directory.record();
    if (directory.is_gone() || record.mode_before.empty() || directory.is_mounted() ||
        directory.wait_for_daemon(moment))
        return;
    console.note(fmt::format(
        "{} is not put in {} mode yet: it was detached from {}, and processes have files of it open "
        "or mapped; the next famfs mount or umount after their end does it",
        omf::printable(record.device), record.mode_before, omf::printable(record.mountpoint)));
}

}  // namespace

void remove_stale_mounts(Console& console) {
    for (RunDirectory& directory : RunDirectory::all()) {
        if (!directory.claim_abandoned()) {
            note_detached(console, directory);
            continue;
        }
        give_mode_back(console, directory.record().device, directory.record().mode_before, false);
        if (const auto removed = directory.remove(); !removed) continue;  // the next mount tries again
    }
}

}  // namespace famfs::cli
