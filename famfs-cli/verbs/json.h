// Everything that is JSON: the reports of --json, progress lines, mount.yaml, and the daemon's extents
// attribute.
//
// Keys are stable and sizes are bytes. Names and paths are bytes, JSON strings are not: control bytes,
// backslashes and bytes that are not UTF-8 are written as \xNN, as in text output; docs/man/famfs.1.md says
// so.
#pragma once

#include "famfs-cli/mount/run_directory.h"
#include "famfs-cli/verbs/reports.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace famfs::cli::json {

// One document each, with a final newline.
std::string formatted(const device::Description& device, const omf::Superblock& superblock);
std::string devices(const std::vector<DeviceReport>& reports);
std::string info(const PoolReport& report);
// Of a device that holds no pool any more, though one is mounted from it.
std::string lost_pool(const std::string& device, const std::vector<MountedPool>& mounts);
std::string fsck(const CheckReport& report);
std::string logplay(const LogplayReport& report);
std::string verify(const VerifyReport& report);
std::string map(const std::vector<FileMap>& files);

// A dump may be long: its document is made in parts, begin, entries separated by entry_separator, end.
std::string dump_begin(const std::string& device, const omf::LogHeader& header);
std::string dump_entry(const DumpedEntry& entry);
inline constexpr std::string_view dump_separator = ",\n";
std::string dump_end(std::uint64_t findings);

// Progress, one line each, without a newline. `seconds_left` is left out if unknown.
struct ProgressState {
    std::string_view operation;
    std::uint64_t done = 0;   // bytes
    std::uint64_t total = 0;  // bytes
    std::uint64_t files = 0;
    std::uint64_t rate = 0;  // bytes per second
    std::optional<std::uint64_t> seconds_left;
};
std::string progress(const ProgressState& state);

// mount.yaml. JSON is YAML too.
std::string write_mount_record(const MountRecord& record);
std::optional<MountRecord> read_mount_record(std::string_view text);

// The value of user.famfs.extents, untrusted: kind corrupt if it is not what a daemon writes. Fills chunk
// size and extents only.
Result<FileMap> read_extents(std::string_view text);

}  // namespace famfs::cli::json
