// What the daemon makes of what its caller left behind, beyond prepare_process(). docs/testing.md has the
// list.
#pragma once

#include <string>
#include <vector>

namespace famfs::fused {

enum class Ground { foreground, background };

// Call early, with one thread, in the process that was started. Afterwards
// * of its descriptors only 0, 1, 2 and those in `kept` are open;
// * no interval timer runs, SIGTERM has its default action, and in the background all other signals too;
// * if it was to be ended with its parent, that is by SIGTERM, which unmounts;
// * no limit but that on open files (which is set where files are opened) is lower than it must be: soft ones
//   are as high as the hard ones, and for root those that end a process or its writes are gone;
// * it is no more likely than others to be ended when memory is short, if that can be had; it is no reaper of
//   others' children; and mappings are executable only if asked for.
// Returns what cannot be mended and may hurt the mount later, a line each, for the log.
std::vector<std::string> leave_caller_behind(Ground ground, std::vector<int> kept);

}  // namespace famfs::fused
