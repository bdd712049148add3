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

// map
struct MappedExtent {
    std::string device;  // uuid, or the index if the pool does not know one
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

struct FileMap {
    std::string path;  // as asked for
    std::uint64_t size = 0;
    std::uint64_t chunk_size = 0;  // 0: not striped
    std::vector<MappedExtent> extents;
};

// verify: a way in which the two sides differ.
struct Difference {
    enum class Kind { missing_in_mount, missing_in_directory, type, size, content, unreadable };
    Kind kind = Kind::content;
    std::string path;          // relative to the tops of both trees; "" for these
    std::uint64_t offset = 0;  // of the first byte that differs (content)
    std::uint64_t mount_size = 0;
    std::uint64_t directory_size = 0;
    std::string reason;  // unreadable: why
};

struct VerifyReport {
    std::uint64_t files = 0;  // compared
    std::uint64_t bytes = 0;
    std::vector<Difference> differences;
};

}  // namespace famfs::cli
