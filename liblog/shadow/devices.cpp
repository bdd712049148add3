#include "liblog/shadow/devices.h"

#include "liblog/shadow/yaml_fields.h"
#include "liblog/shadow/yaml_reader.h"
#include "liblog/shadow/yaml_writer.h"

#include <fmt/format.h>

#include <iterator>
#include <limits>

namespace famfs::shadow {
namespace {

constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();

omf::Uuid read_uuid(yaml::Fields& fields, std::string_view key) {
    const std::string text = fields.text(key);
    const auto uuid = omf::parse_uuid(text);
    if (!uuid) fields.reject(key, "not a uuid");
    return uuid.value_or(omf::Uuid{});
}

Result<DeviceRecord> read_record(const yaml::Node& node) {
    yaml::Fields fields(node, "devices");
    DeviceRecord record;
    record.uuid = read_uuid(fields, "uuid");
    record.size = fields.number("size", any_number);
    if (fields.has("path")) record.path = fields.text("path");
    if (auto done = fields.finish(); !done) return std::unexpected(done.error());
    return record;
}

}  // namespace

void DeviceTable::add(DeviceRecord device) {
    sizes_.push_back(device.size);
    uuids_.push_back(device.uuid);
    devices_.push_back(std::move(device));
}

std::string write_devices(const DeviceTable& table) {
    std::string out;
    fmt::format_to(std::back_inserter(out), "file_system: '{}'\nalloc_unit: {}\ndata_start: {}\ndevices:\n",
                   to_string(table.file_system), table.allocation_unit, table.data_start);
    for (const DeviceRecord& device : table.devices()) {
        fmt::format_to(std::back_inserter(out), "  - uuid: '{}'\n    size: {}\n", to_string(device.uuid),
                       device.size);
        if (!device.path.empty()) out += "    path: " + yaml::quoted(device.path) + "\n";
    }
    return out;
}

Result<DeviceTable> read_devices(std::string_view text) {
    const auto root = yaml::parse(text);
    if (!root) return std::unexpected(root.error());
    DeviceTable table;
    yaml::Fields fields(*root, "the document");
    table.file_system = read_uuid(fields, "file_system");
    table.allocation_unit = fields.number("alloc_unit", omf::default_allocation_unit);
    if (table.allocation_unit != omf::default_allocation_unit &&
        table.allocation_unit != omf::small_allocation_unit)
        fields.reject("alloc_unit", "not an allocation unit");
    table.data_start = fields.number("data_start", any_number);
    const yaml::Node* devices = fields.sequence("devices");
    if (auto done = fields.finish(); !done) return std::unexpected(done.error());
    for (const yaml::Node& node : devices->items) {
        auto record = read_record(node);
        if (!record) return std::unexpected(record.error());
        table.add(std::move(*record));
    }
    if (table.devices().empty()) return fail(ErrorKind::corrupt, EUCLEAN, "devices: the list is empty");
    return table;
}

}  // namespace famfs::shadow
