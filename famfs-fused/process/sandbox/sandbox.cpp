#include "famfs-fused/process/sandbox/sandbox.h"

#include "famfs-fused/process/sandbox/sanitized.h"

#include <sys/prctl.h>

#include <cerrno>

namespace famfs::fused {

namespace {

void add(std::string& done, const std::string& layer) {
    if (!done.empty()) done += ", ";
    done += layer;
}

Result<void> give_up_new_privileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno(errno, "sandbox: no_new_privs");
    return {};
}

// What hides files: before capabilities go, since a mount namespace needs them.
Result<void> hide_files(const ShadowRoot& shadow, std::string& done) {
    const auto mounts = enter_private_mounts(shadow);
    if (!mounts) return std::unexpected(mounts.error());
    if (*mounts) add(done, "private mounts");
    return {};
}

Result<void> restrict_calls(DataPathKind path, const ShadowRoot& shadow, std::string& done) {
    const auto tree = restrict_to_tree(shadow);
    if (!tree) return std::unexpected(tree.error());
    if (*tree) add(done, "landlock");
    const auto calls = restrict_system_calls(path);
    if (!calls) return std::unexpected(calls.error());
    if (*calls) add(done, "seccomp");
    return {};
}

}  // namespace

std::optional<SandboxLevel> parse_sandbox_level(std::string_view word) {
    if (word == "none") return SandboxLevel::none;
    if (word == "caps") return SandboxLevel::capabilities;
    if (word == "full") return SandboxLevel::full;
    return std::nullopt;
}

Result<std::string> confine(SandboxLevel level, DataPathKind path, const ShadowRoot& shadow) {
    std::string done;
    if (level == SandboxLevel::none) return std::string("none");
    if (level == SandboxLevel::full && !sanitized)
        if (auto hidden = hide_files(shadow, done); !hidden) return std::unexpected(hidden.error());
    if (auto given_up = give_up_new_privileges(); !given_up) return std::unexpected(given_up.error());
    add(done, "no_new_privs");
    const auto kept = drop_capabilities(path);
    if (!kept) return std::unexpected(kept.error());
    add(done, "capabilities " + *kept);
    if (level == SandboxLevel::full && !sanitized)
        if (auto restricted = restrict_calls(path, shadow, done); !restricted)
            return std::unexpected(restricted.error());
    return done;
}

}  // namespace famfs::fused
