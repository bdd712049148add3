#include "famfs-fused/process/sandbox/sandbox.h"

#include <cap-ng.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace famfs::fused {

namespace {

// What a root daemon needs beyond its open descriptors: to look into shadow directories of other owners
// (their modes are the log's), and for extfile to register backing files with the kernel.
std::vector<unsigned> needed_by(DataPathKind path) {
    std::vector<unsigned> needed{CAP_DAC_READ_SEARCH};
    if (path == DataPathKind::extfile) needed.insert(needed.end(), {CAP_SYS_ADMIN, CAP_SYS_RAWIO});
    return needed;
}

}  // namespace

Result<std::string> drop_capabilities(DataPathKind path) {
    std::string kept;
    if (capng_get_caps_process() != 0) return fail_errno(EPERM, "sandbox: reading capabilities");
    std::vector<unsigned> held;
    for (const unsigned capability : needed_by(path))
        if (capng_have_capability(CAPNG_PERMITTED, capability) != 0) held.push_back(capability);
    const bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
    capng_clear(CAPNG_SELECT_ALL);
    for (const unsigned capability : held) {
        capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), capability);
        kept += (kept.empty() ? "" : "+") + std::string(capng_capability_to_name(capability));
    }
    // Where the bounding set is not ours to change, no_new_privs keeps an exec from gaining anything.
    const capng_select_t which = may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS;
    if (capng_apply(which) != 0) return fail_errno(EPERM, "sandbox: capabilities");
    return kept.empty() ? "none" : kept;
}

}  // namespace famfs::fused
