#include "famfs-cli/verbs/json.h"

#include "liblog/index/inode.h"
#include "liblog/records/json.h"
#include "omf/path.h"

#include <fmt/format.h>

namespace famfs::cli::json {
namespace {

using records::bytes;
using records::document;
using records::Json;

Json mode(std::uint32_t bits) {
    return fmt::format("{:04o}", bits);
}

Json extents(const omf::Layout& layout) {
    Json list = Json::array();
    for (const omf::Extent& extent : layout.extents) {
        list.push_back({{"device", extent.device}, {"offset", extent.offset}, {"length", extent.length}});
    }
    return list;
}

Json violation(const omf::Violation& broken) {
    return {{"rule", omf::name(broken.rule)},
            {"item", broken.item},
            {"value", broken.value},
            {"limit", broken.limit},
            {"message", omf::describe(broken)}};
}

Json finding(const pool::Finding& found) {
    Json value{{"entry", found.index}, {"path", bytes(found.path)}};
    value.update(violation(found.violation));
    return value;
}

Json findings(const std::vector<pool::Finding>& found) {
    Json list = Json::array();
    for (const auto& each : found)
        list.push_back(finding(each));
    return list;
}

Json totals(const index::Totals& values) {
    return {{"files", values.files},
            {"directories", values.directories},
            {"file_bytes", values.file_bytes},
            {"allocated_bytes", values.allocated_bytes}};
}

Json device(const device::Description& description) {
    return {{"device", bytes(description.path)},
            {"kind", device::name(description.kind)},
            {"size", description.size}};
}

Json superblock(const omf::Superblock& block) {
    return {{"file_system_uuid", to_string(block.file_system)},
            {"device_uuid", to_string(block.device)},
            {"system_uuid", to_string(block.system)},
            {"version", omf::superblock_format_version},
            {"omf_major", block.major},
            {"omf_minor", block.minor},
            {"alloc_unit", block.allocation_unit},
            {"log_offset", omf::log_offset},
            {"log_length", block.log_length},
            {"data_offset", block.data_start()}};
}

Json mounted(const MountedPool& pool) {
    return {{"mountpoint", bytes(pool.mount.mountpoint)},
            {"data_path", bytes(pool.data_path)},
            {"shadow", bytes(pool.shadow)},
            {"read_only", pool.mount.read_only},
            {"mounted_file_system",
             pool.served.file_system == omf::Uuid{} ? Json() : Json(to_string(pool.served.file_system))},
            {"pool_gone", !pool.gone.empty()},
            {"pool_gone_reason", pool.gone.empty() ? Json() : bytes(pool.gone)}};
}

Json mounted(const std::vector<MountedPool>& pools) {
    Json list = Json::array();
    for (const MountedPool& pool : pools)
        list.push_back(mounted(pool));
    return list;
}

struct EntryFields {
    Json& value;

    void operator()(const omf::File& file) const {
        value.update({{"type", "file"},
                      {"path", bytes(file.path.view())},
                      {"size", file.size},
                      {"flags", file.flags},
                      {"uid", file.uid},
                      {"gid", file.gid},
                      {"mode", mode(file.mode)},
                      {"chunk_size", file.layout.chunk_size},
                      {"extents", extents(file.layout)}});
    }
    void operator()(const omf::Directory& directory) const {
        value.update({{"type", "directory"},
                      {"path", bytes(directory.path.view())},
                      {"uid", directory.uid},
                      {"gid", directory.gid},
                      {"mode", mode(directory.mode)}});
    }
    void operator()(const omf::DaxDevice& dax) const {
        value.update({{"type", "device"},
                      {"size", dax.size},
                      {"uuid", to_string(dax.uuid)},
                      {"device_index", dax.index}});
    }
};

Json dax_device(const DeviceReport& report) {
    const device::DaxDevice& device = report.device;
    Json value{{"name", bytes(device.name)},
               {"path", bytes("/dev/" + device.name)},
               {"size", device.size},
               {"alignment", device.alignment},
               {"mode", device::name(device.mode)},
               {"uuid", device.uuid ? Json(to_string(*device.uuid)) : Json()},
               {"mounted", report.use.mounted},
               {"written", report.use.written},
               {"processes", report.use.open}};
    value["extent_files"] = Json();
    if (report.use.extents)
        value["extent_files"] = {{"bytes", report.use.extents->claimed},
                                 {"attachments", report.use.extents->attachments}};
    value["mountpoints"] = Json::array();
    for (const auto& mountpoint : report.mountpoints)
        value["mountpoints"].push_back(bytes(mountpoint));
    return value;
}

std::string_view name(Difference::Kind kind) {
    switch (kind) {
        case Difference::Kind::missing_in_mount:
            return "missing-in-mount";
        case Difference::Kind::missing_in_directory:
            return "missing-in-directory";
        case Difference::Kind::type:
            return "type";
        case Difference::Kind::size:
            return "size";
        case Difference::Kind::content:
            return "content";
        case Difference::Kind::unreadable:
            break;
    }
    return "unreadable";
}

Json difference(const Difference& found) {
    Json value{{"kind", name(found.kind)}, {"path", bytes(found.path)}};
    if (found.kind == Difference::Kind::content) value["offset"] = found.offset;
    if (found.kind == Difference::Kind::size) {
        value["mount_size"] = found.mount_size;
        value["directory_size"] = found.directory_size;
    }
    if (!found.reason.empty()) value["reason"] = bytes(found.reason);
    return value;
}

}  // namespace

std::string formatted(const device::Description& description, const omf::Superblock& block) {
    Json value = device(description);
    value.update(superblock(block));
    value["log_capacity"] = omf::entries_that_fit(block.log_length);
    return document(value);
}

std::string devices(const std::vector<DeviceReport>& reports) {
    Json list = Json::array();
    for (const auto& report : reports)
        list.push_back(dax_device(report));
    return document({{"devices", std::move(list)}});
}

std::string info(const PoolReport& report) {
    Json value = device(report.device);
    value.update(superblock(report.superblock));
    value["role"] = pool::name(report.role);
    value["log_capacity"] = report.header.capacity();
    value["log_entries"] = report.header.next_index;
    value.update(totals(report.totals));
    value["free_bytes"] = report.free_bytes;
    value["findings"] = report.findings;
    value["mounts"] = mounted(report.mounts);
    return document(value);
}

std::string lost_pool(const std::string& device, const std::vector<MountedPool>& mounts) {
    return document({{"device", bytes(device)}, {"mounts", mounted(mounts)}});
}

std::string fsck(const CheckReport& report) {
    Json value{{"device", bytes(report.device)},
               {"clean", report.result.clean()},
               {"log_entries", report.result.replay.header.next_index},
               {"entries_accepted", report.result.replay.accepted}};
    value.update(totals(report.result.totals));
    value["warnings"] = Json::array();
    for (const auto& warning : report.result.warnings)
        value["warnings"].push_back(bytes(warning));
    value["findings"] = findings(report.findings);
    return document(value);
}

std::string logplay(const LogplayReport& report) {
    Json value{{"device", bytes(report.device)},
               {"shadow", bytes(report.shadow)},
               {"log_entries", report.result.entries},
               {"replayed", report.result.replayed},
               {"written", report.result.written}};
    value.update(totals(report.result.totals));
    value["findings"] = findings(report.findings);
    value["skipped"] = Json::array();
    for (const auto& reason : report.skipped)
        value["skipped"].push_back(bytes(reason));
    return document(value);
}

std::string verify(const VerifyReport& report) {
    Json value{{"equal", report.differences.empty()}, {"files", report.files}, {"bytes", report.bytes}};
    value["differences"] = Json::array();
    for (const auto& each : report.differences)
        value["differences"].push_back(difference(each));
    return document(value);
}

std::string map(const std::vector<FileMap>& files) {
    Json list = Json::array();
    for (const FileMap& file : files) {
        Json parts = Json::array();
        for (const MappedExtent& part : file.extents) {
            parts.push_back(
                {{"device", bytes(part.device)}, {"offset", part.offset}, {"length", part.length}});
        }
        list.push_back({{"path", bytes(file.path)},
                        {"id", file.id != index::no_inode ? Json(file.id) : Json()},
                        {"size", file.size},
                        {"chunk_size", file.chunk_size},
                        {"extents", std::move(parts)}});
    }
    Json value = Json::object();
    value["files"] = std::move(list);
    return document(value);
}

std::string dump_begin(const std::string& path, const omf::LogHeader& header) {
    return fmt::format("{{\"device\": {}, \"log_capacity\": {}, \"log_entries\": {}, \"entries\": [\n",
                       bytes(path).dump(), header.capacity(), header.next_index);
}

std::string dump_entry(const DumpedEntry& entry) {
    Json value = Json::object();
    value["index"] = entry.index;
    if (entry.value) {
        std::visit(EntryFields{value}, *entry.value);
    } else {
        value.update({{"type", "undecoded"}, {"path", bytes(entry.claimed_path)}});
    }
    value["violation"] = entry.violation ? violation(*entry.violation) : Json();
    return value.dump();
}

std::string dump_end(std::uint64_t count) {
    return fmt::format("\n], \"findings\": {}}}\n", count);
}

}  // namespace famfs::cli::json
