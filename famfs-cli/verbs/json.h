// The reports of --json.
//
// Keys are stable and sizes are bytes. Names and paths are escaped as in text output (liblog/records/json.h);
// docs/man/famfs.1.md says so.
#pragma once

#include "famfs-cli/copy/tree_comparison.h"
#include "famfs-cli/verbs/file_map.h"
#include "famfs-cli/verbs/reports.h"

#include <cstdint>
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

}  // namespace famfs::cli::json
