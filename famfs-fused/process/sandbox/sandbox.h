// Gives up, once everything is open, what serving does not need. docs/daemon.md says what is left.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "omf/error.h"
#include "service/data/data_path_kind.h"
#include "service/shadow/root.h"

#include <optional>
#include <string>
#include <string_view>

namespace famfs::fused {

enum class SandboxLevel {
    none,
    capabilities,  // no_new_privs, and only the capabilities that the data path needs
    full,  // also a mount namespace with nothing but the shadow tree, Landlock, and a list of system calls
};

// The word of --sandbox; no value for another one.
std::optional<SandboxLevel> parse_sandbox_level(std::string_view word);

// Confines the calling process. Call with one thread, after the mount and before any worker: threads inherit.
// `shadow` is opened anew where its place changes. A layer that this kernel or this user cannot have is left
// out; one that is there and fails is an error. Returns what was done, for the log: "no_new_privs,
// capabilities none, seccomp".
Result<std::string> confine(SandboxLevel level, DataPathKind path, const ShadowRoot& shadow);

// The layers, each by itself. A value of false: not to be had here.
Result<bool> enter_private_mounts(
    const ShadowRoot& shadow);                            // root only: the tree becomes "/", the rest is gone
Result<bool> restrict_to_tree(const ShadowRoot& shadow);  // Landlock: nothing but reading below the tree
Result<std::string> drop_capabilities(DataPathKind path);  // the names of those kept, or "none"
Result<bool> restrict_system_calls(DataPathKind path);     // seccomp: others fail with EPERM

}  // namespace famfs::fused
