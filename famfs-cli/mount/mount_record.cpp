#include "famfs-cli/mount/mount_record.h"

#include "liblog/records/json.h"

namespace famfs::cli {

using records::Json;

std::string write_mount_record(const MountRecord& record) {
    return records::document({{"mountpoint", records::bytes(record.mountpoint)},
                              {"device", records::bytes(record.device)},
                              {"shadow", records::bytes(record.shadow)},
                              {"own_shadow", record.own_shadow},
                              {"mode_before", record.mode_before}});
}

std::optional<MountRecord> read_mount_record(std::string_view text) {
    const Json value = Json::parse(text, nullptr, false);
    const auto mountpoint = records::bytes_at(value, "mountpoint");
    const auto source = records::bytes_at(value, "device");
    const auto shadow = records::bytes_at(value, "shadow");
    if (!mountpoint || !source || !shadow) return std::nullopt;
    const bool own = value.contains("own_shadow") && value["own_shadow"] == true;
    return MountRecord{*mountpoint, *source, *shadow, own,
                       records::bytes_at(value, "mode_before").value_or("")};
}

}  // namespace famfs::cli
