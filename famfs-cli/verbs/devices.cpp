// famfs devices: the dax devices of this host, their mode, and who uses them.
#include "famfs-cli/ui/size.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/json.h"
#include "famfs-cli/verbs/verb.h"
#include "omf/path.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace famfs::cli {
namespace {

Result<std::vector<DeviceReport>> look() {
    const auto devices = device::list_dax_devices();
    if (!devices) return std::unexpected(devices.error());
    const auto mounts = read_mounts();
    if (!mounts) return std::unexpected(mounts.error());
    std::vector<DeviceReport> reports;
    for (const auto& each : *devices) {
        DeviceReport report{each, device::use_of(each), {}};
        for (const Mount& mount : *mounts)
            if (mount.famfs() && mount.source == "/dev/" + each.name)
                report.mountpoints.push_back(mount.mountpoint);
        reports.push_back(std::move(report));
    }
    return reports;
}

void add(std::string& text, const std::string& part) {
    text += (text.empty() ? "" : ", ") + part;
}

// Nobody, or what is known of them, from the most to the least telling.
std::string users(const DeviceReport& report) {
    std::string text;
    for (const auto& mountpoint : report.mountpoints)
        add(text, "mounted on " + omf::printable(mountpoint));
    if (report.mountpoints.empty() && report.use.mounted) add(text, "mounted");
    if (report.use.written) add(text, "written");
    if (!report.use.open.empty())
        add(text, fmt::format("open in process {}", fmt::join(report.use.open, " ")));
    if (report.use.extents)
        add(text, fmt::format("{} in extent files", readable_size(report.use.extents->claimed)));
    return text.empty() ? "-" : text;
}

void show(Console& console, const std::vector<DeviceReport>& reports) {
    if (console.json) return console.write(json::devices(reports));
    if (reports.empty()) return console.note("there are no dax devices");
    console.print("{:<10} {:>10} {:>10} {:<10} {:<36} {}\n", "DEVICE", "SIZE", "ALIGNMENT", "MODE", "UUID",
                  "USED");
    for (const auto& report : reports) {
        const device::DaxDevice& device = report.device;
        console.print("{:<10} {:>10} {:>10} {:<10} {:<36} {}\n", device.name, readable_size(device.size),
                      device.alignment == 0 ? "-" : readable_size(device.alignment),
                      device::name(device.mode), device.uuid ? to_string(*device.uuid) : "-", users(report));
    }
}

}  // namespace

int run_devices(Console& console, Arguments arguments) {
    CommandLine line(console, "devices");
    line.add_json();
    if (const auto status = line.parse(arguments)) return *status;
    const auto reports = look();
    if (!reports) return console.fail(reports.error());
    show(console, *reports);
    return exit_done;
}

}  // namespace famfs::cli
