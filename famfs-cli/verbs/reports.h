// What the reporting verbs found, as values that both the text and the JSON are made from.
#pragma once

#include "famfs-cli/mount/mounted_path.h"
#include "liblog/device/dax_device.h"
#include "liblog/device/dax_users.h"
#include "liblog/pool/check.h"
#include "liblog/pool/pool.h"
#include "liblog/shadow/logplay.h"
#include "omf/entry.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace famfs::cli {

// info
struct PoolReport {
    device::Description device;
    omf::Superblock superblock;
    pool::Role role = pool::Role::client;
    omf::LogHeader header;
    index::Totals totals;
    std::uint64_t free_bytes = 0;
    std::uint64_t findings = 0;
    std::vector<MountedPool> mounts;
};

// devices: a dax device of this host.
struct DeviceReport {
    device::DaxDevice device;
    device::DaxUse use;
    std::vector<std::string> mountpoints;
};

// fsck
struct CheckReport {
    std::string device;
    pool::CheckResult result;
    std::vector<pool::Finding> findings;
};

// logplay
struct LogplayReport {
    std::string device;
    std::string shadow;
    shadow::LogplayResult result;
    std::vector<pool::Finding> findings;
    std::vector<std::string> skipped;
};

// dump: a log entry as it is, and the rule that it breaks. Without a value its bytes could not be decoded.
struct DumpedEntry {
    std::uint64_t index = 0;
    std::optional<omf::Entry> value;
    std::string claimed_path;
    std::optional<omf::Violation> violation;
};

}  // namespace famfs::cli
