#include "service/files/permissions.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace famfs::service {

namespace {

constexpr unsigned owner_shift = 6;
constexpr unsigned group_shift = 3;
constexpr mode_t anybody_executes = S_IXUSR | S_IXGRP | S_IXOTH;

bool in_group(const Caller& caller, gid_t group) {
    return caller.gid == group || std::ranges::find(caller.groups, group) != caller.groups.end();
}

// R_OK, W_OK and X_OK are the bits of a mode's last digit. The first class that fits decides.
mode_t allowed(const struct stat& status, const Caller& caller) {
    if (caller.uid == status.st_uid) return status.st_mode >> owner_shift;
    if (in_group(caller, status.st_gid)) return status.st_mode >> group_shift;
    return status.st_mode;
}

mode_t allowed_to_root(const struct stat& status) {
    const bool executes = S_ISDIR(status.st_mode) || (status.st_mode & anybody_executes) != 0;
    return executes ? R_OK | W_OK | X_OK : R_OK | W_OK;
}

}  // namespace

Outcome<void> check_access(const struct stat& status, const Caller& caller, int wanted) {
    const mode_t bits = caller.uid == 0 ? allowed_to_root(status) : allowed(status, caller);
    if ((static_cast<mode_t>(wanted) & ~bits) != 0) return std::unexpected(EACCES);
    return {};
}

}  // namespace famfs::service
