#include "famfs-fused/data/choose.h"

#include "famfs-fused/data/copy_path.h"
#include "famfs-fused/data/extfile_path.h"
#include "famfs-fused/data/yaml_path.h"
#include "famfs-fused/iomap/iomap_path.h"
#include "famfs-fused/session/kernel_offer.h"
#include "omf/path.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <unistd.h>

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

Result<Choice> check_iomap(const Situation& situation) {
    if (situation.kernel_abi == AbiChoice::none)
        return fail(ErrorKind::usage, EINVAL, "--data-path=iomap and --kernel-abi=none exclude one another");
    if (situation.kernel_abi != AbiChoice::automatic) return Choice{DataPathKind::iomap, "as asked"};
    if (!situation.fsdev_mode)
        return cannot("data path iomap: " + situation.device + " is no dax device in fsdev mode");
    if (!situation.why_no_map.empty()) return cannot("data path iomap: " + situation.why_no_map);
    return Choice{DataPathKind::iomap, "the device is in fsdev mode and the kernel takes file maps"};
}

Result<Choice> check_extfile(const Situation& situation) {
    if (!situation.fsdev_mode)
        return fail(ErrorKind::refused, EOPNOTSUPP,
                    "data path extfile: " + situation.device + " is no dax device in fsdev mode");
    if (!situation.why_no_extfile.empty())
        return cannot("data path extfile: " + situation.why_no_extfile);
    return Choice{DataPathKind::extfile, "the kernel passes files through to the device"};
}

Result<Choice> check_copy(const Situation& situation) {
    if (!situation.fsdev_mode) return Choice{DataPathKind::copy, "as asked"};
    return fail(ErrorKind::refused, EOPNOTSUPP,
                "data path copy: " + situation.device +
                    " is in fsdev mode, where the daemon cannot reach the bytes; famfs mount switches it");
}

// Outside fsdev mode the daemon can reach the bytes, and the kernel cannot map them.
Result<Choice> choose_by_mode(const Situation& situation) {
    if (!situation.fsdev_mode)
        return Choice{DataPathKind::copy,
                      "not iomap and not extfile: " + situation.device + " is no dax device in fsdev mode"};
    const auto iomap = situation.kernel_abi == AbiChoice::none ? cannot("data path iomap: --kernel-abi=none")
                                                               : check_iomap(situation);
    if (iomap) return iomap;
    auto extfile = check_extfile(situation);
    if (!extfile)
        return cannot(fmt::format("{} is in fsdev mode, where copy does not work; {}; {}", situation.device,
                                  iomap.error().message, extfile.error().message));
    extfile->reason += "; " + iomap.error().message;
    return extfile;
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

std::string why_no_maps() {
    if (!has_raw_io()) return "this process lacks CAP_SYS_RAWIO";
    for (const KernelAbi& abi : kernel_abis()) {
        if (!abi.symbol.empty() && kernel_has_symbol(abi.symbol)) return {};
    }
    return "this kernel has no famfs maps";
}

std::string why_no_passthrough() {
    if (::geteuid() != 0) return "only root may use it";
    const auto offer = ask_kernel();
    if (!offer) return offer.error().message;
    if ((offer->flags & init_passthrough) == 0)
        return "this kernel's FUSE has no passthrough (Linux 6.9, CONFIG_FUSE_PASSTHROUGH)";
    return {};
}

std::string why_no_extfile() {
    std::string kernel = why_no_passthrough();
    if (!kernel.empty()) return kernel;
    const auto module = device::ExtentControl::open();
    return module ? "" : module.error().message;
}

// The kernel's symbols are a long read, and they and the module matter in fsdev mode alone.
Situation look_at_situation(const std::string& device, AbiChoice kernel_abi, std::uint64_t allocation_unit) {
    Situation situation{.device = omf::printable(device),
                        .fsdev_mode = is_fsdev(device),
                        .kernel_abi = kernel_abi,
                        .why_no_map = "",
                        .why_no_extfile = ""};
    if (!situation.fsdev_mode) return situation;
    situation.why_no_map = why_no_maps();
    const std::uint64_t unit = kernel_abis().front().alignment;
    if (situation.why_no_map.empty() && allocation_unit % unit != 0)
        situation.why_no_map =
            fmt::format("the pool's allocation unit is {} bytes, the kernel takes maps in units of {}",
                        allocation_unit, unit);
    situation.why_no_extfile = why_no_extfile();
    return situation;
}

Result<Choice> choose_data_path(DataPathKind asked, const Situation& situation) {
    switch (asked) {
        case DataPathKind::automatic:
            return choose_by_mode(situation);
        case DataPathKind::iomap:
            return check_iomap(situation);
        case DataPathKind::extfile:
            return check_extfile(situation);
        case DataPathKind::copy:
            return check_copy(situation);
        case DataPathKind::yaml:
            break;
    }
    return Choice{asked, "as asked"};
}

std::unique_ptr<DataPath> make_data_path(DataPathKind kind, const ShadowRoot& shadow, const Devices& devices,
                                         AbiChoice kernel_abi, Log& log) {
    if (kind == DataPathKind::yaml) return make_yaml_path(shadow, log);
    if (kind == DataPathKind::iomap) return make_iomap_path(devices, kernel_abi, log);
    if (kind == DataPathKind::extfile) return make_extfile_path(devices, log);
    return make_copy_path(devices, log);
}

}  // namespace famfs::fused
