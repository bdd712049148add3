// Whether this is a build for finding bugs.
#pragma once

namespace famfs::fused {

// The sanitizers' runtimes need files (/proc) and system calls that the daemon does not, above all when a
// process ends: such a build keeps to no_new_privs and capabilities.
#ifdef FAMFS_SANITIZED
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace famfs::fused
