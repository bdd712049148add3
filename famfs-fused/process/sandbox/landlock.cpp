#include "famfs-fused/process/sandbox/sandbox.h"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace famfs::fused {

namespace {

constexpr std::uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

// The file system rights of the first version of Landlock (Linux 5.13), all that every such kernel knows.
constexpr std::uint64_t all_rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

std::unexpected<Error> failed(const char* step) {
    return fail_errno(errno, std::string("sandbox: landlock: ") + step);
}

}  // namespace

Result<bool> restrict_to_tree(const ShadowRoot& shadow) {
    landlock_ruleset_attr rules{};
    rules.handled_access_fs = all_rights;
    const FileDescriptor ruleset(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0)));
    if (!ruleset) return false;  // not in this kernel, or not turned on
    landlock_path_beneath_attr beneath{};
    beneath.allowed_access = reading;
    beneath.parent_fd = shadow.top();
    if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
        return failed("rule");
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return failed("restrict");
    return true;
}

}  // namespace famfs::fused
