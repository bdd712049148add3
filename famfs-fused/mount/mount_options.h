// The -o options: ours, those that libfuse and the kernel know, and the ones we add.
#pragma once

#include "omf/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace famfs::fused {

struct MountOptions {
    double attribute_timeout = 1.0;  // seconds
    double entry_timeout = 1.0;      // seconds
    bool direct_io = false;
    unsigned max_read = 0;  // bytes, also among the others: libfuse wants it in both places
    bool read_only = false;
    bool allow_root = false;
    std::vector<std::string> others;  // for libfuse, which refuses what it does not know
};

// Takes in one -o argument, "name,name=value,…"; a comma in a value is written "\,". kind usage for a value
// that makes no sense, and for options that are this daemon's to set.
Result<void> add_mount_options(std::string_view text, MountOptions& options);

// What libfuse gets: the options above, the mount's source and type, and the defaults (default_permissions;
// for root allow_other too).
std::string libfuse_options(const MountOptions& options, std::string_view source, bool as_root);

}  // namespace famfs::fused
