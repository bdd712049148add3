#include "famfs-fused/data/choose.h"

#include "famfs-fused/data/copy_path.h"
#include "famfs-fused/data/yaml_path.h"
#include "famfs-fused/iomap/iomap_path.h"
#include "omf/path.h"

#include <fmt/format.h>
#include <linux/capability.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <utility>

namespace famfs::fused {

namespace {

constexpr std::array<std::pair<std::string_view, DataPathKind>, 5> names{{{"auto", DataPathKind::automatic},
                                                                          {"iomap", DataPathKind::iomap},
                                                                          {"extfile", DataPathKind::extfile},
                                                                          {"copy", DataPathKind::copy},
                                                                          {"yaml", DataPathKind::yaml}}};

std::unexpected<Error> cannot(std::string message) {
    return fail(ErrorKind::unsupported, EOPNOTSUPP, std::move(message));
}

// The kernel offers maps only to a mounting task that may touch memory.
bool has_raw_io() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with("CapEff:")) continue;
        const std::uint64_t capabilities = std::strtoull(line.c_str() + sizeof "CapEff:" - 1, nullptr, 16);
        return (capabilities >> CAP_SYS_RAWIO & 1) != 0;
    }
    return false;
}

std::string objection_to_maps() {
    if (!has_raw_io()) return "this process lacks CAP_SYS_RAWIO";
    for (const KernelAbi& abi : kernel_abis()) {
        if (!abi.symbol.empty() && kernel_has_symbol(abi.symbol)) return {};
    }
    return "this kernel has no famfs maps";
}

Result<Choice> check_iomap(const Situation& situation) {
    if (situation.kernel_abi == AbiChoice::none)
        return fail(ErrorKind::usage, EINVAL, "--data-path=iomap and --kernel-abi=none exclude one another");
    if (situation.kernel_abi != AbiChoice::automatic) return Choice{DataPathKind::iomap, "as asked"};
    if (!situation.fsdev_mode)
        return cannot("data path iomap: " + situation.device + " is no dax device in fsdev mode");
    if (!situation.map_objection.empty()) return cannot("data path iomap: " + situation.map_objection);
    return Choice{DataPathKind::iomap, "the device is in fsdev mode and the kernel takes file maps"};
}

// Outside fsdev mode the daemon can reach the bytes, and the kernel cannot map them.
Result<Choice> choose_by_mode(const Situation& situation) {
    if (!situation.fsdev_mode) return Choice{DataPathKind::copy, "the device is not in fsdev mode"};
    const auto iomap = check_iomap(situation);
    if (iomap) return iomap;
    return cannot(
        fmt::format("{} is in fsdev mode, where neither iomap ({}) nor extfile (not in this build) works; "
                    "switch it to devdax mode",
                    situation.device, iomap.error().message));
}

}  // namespace

std::optional<DataPathKind> parse_data_path(std::string_view name) {
    const auto found = std::ranges::find(names, name, [](const auto& row) { return row.first; });
    if (found == names.end()) return std::nullopt;
    return found->second;
}

std::string_view name(DataPathKind kind) {
    return std::ranges::find(names, kind, [](const auto& row) { return row.second; })->first;
}

// The kernel's symbols are a long read, and matter in fsdev mode alone.
Situation look_at_situation(const std::string& device, AbiChoice kernel_abi) {
    Situation situation{
        .device = omf::printable(device), .fsdev_mode = is_fsdev(device), .kernel_abi = kernel_abi};
    if (situation.fsdev_mode) situation.map_objection = objection_to_maps();
    return situation;
}

Result<Choice> choose_data_path(DataPathKind asked, const Situation& situation) {
    switch (asked) {
        case DataPathKind::automatic:
            return choose_by_mode(situation);
        case DataPathKind::iomap:
            return check_iomap(situation);
        case DataPathKind::extfile:
            return cannot("data path extfile is not in this build; use --data-path=copy");
        case DataPathKind::copy:
        case DataPathKind::yaml:
            break;
    }
    return Choice{asked, "as asked"};
}

std::unique_ptr<DataPath> make_data_path(DataPathKind kind, const ShadowRoot& shadow, const Devices& devices,
                                         AbiChoice kernel_abi, Log& log) {
    if (kind == DataPathKind::yaml) return make_yaml_path(shadow);
    if (kind == DataPathKind::iomap) return make_iomap_path(devices, kernel_abi, log);
    return make_copy_path(devices, log);
}

}  // namespace famfs::fused
