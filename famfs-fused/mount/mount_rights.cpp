#include "famfs-fused/mount/mount_rights.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace famfs::fused {

std::string missing_mount_rights() {
    // Also for an ordinary user: fusermount3 gets no more than that.
    if (::prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0)
        return ": this container or sandbox takes CAP_SYS_ADMIN away, which mounting needs";
    if (::geteuid() != 0 && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return ": no_new_privs is set, which takes its rights from fusermount3";
    return "";
}

}  // namespace famfs::fused
