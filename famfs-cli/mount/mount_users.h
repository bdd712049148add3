// Who keeps a mount, as far as the caller may see: for messages. What is asked may hang where a FUSE daemon
// does not answer, so ask through ask_within().
#pragma once

#include "liblog/mount_identity.h"

#include <sys/types.h>

#include <string>
#include <vector>

namespace famfs::cli {

// Processes with a file of this mount open or mapped, or their working directory or root in it, as "cat
// (process 12: /m/f), bash (process 7: working directory /m)"; "" if none is seen. With `id` 0: of any mount
// with this device number, those included that are in no mount table any more.
std::string describe_file_users(const MountIdentity& mount);

// The mounts with this device number, of this mount namespace and of others, as "/n; /m in the mount
// namespace of sh (process 12)"; "" if none is seen.
std::string describe_mounts_of(dev_t device);

// Of the mount with this device number: the daemon's processes, the one that ends last first. Empty where the
// kernel does not tell.
std::vector<pid_t> daemons_of(dev_t device);

// The children of a process.
std::vector<pid_t> children_of(pid_t pid);

// Whether it was stopped, by SIGSTOP or a debugger.
bool is_stopped(pid_t pid);

}  // namespace famfs::cli
