#include "famfs-fused/fuse/choice/choose.h"

#include "famfs-fused/fuse/choice/capabilities.h"
#include "omf/path.h"
#include "service/device/devices.h"

#include <fmt/format.h>

#include <utility>

namespace famfs::fused {

namespace {

std::unexpected<Error> cannot(std::string message) {
    return fail(ErrorKind::unsupported, EOPNOTSUPP, std::move(message));
}

// Why the kernel's path does not work for this pool, as a sentence of its own; "" if it does.
std::string why_not(records::KernelPath path, const Situation& situation) {
    const auto found = records::check_path(path, situation.kernel, situation.allocation_unit);
    if (found.available()) return {};
    return fmt::format("data path {}: {}", records::name(path), found.message);
}

Result<Choice> check_iomap(const Situation& situation) {
    if (situation.kernel_abi == AbiChoice::none)
        return fail(ErrorKind::usage, EINVAL, "--data-path=iomap and --kernel-abi=none exclude one another");
    if (situation.kernel_abi != AbiChoice::automatic) return Choice{DataPathKind::iomap, "as asked"};
    if (!situation.fsdev_mode)
        return cannot("data path iomap: " + situation.device + " is no dax device in fsdev mode");
    if (auto why = why_not(records::KernelPath::iomap, situation); !why.empty())
        return cannot(std::move(why));
    return Choice{DataPathKind::iomap, "the device is in fsdev mode and the kernel takes file maps"};
}

Result<Choice> check_extfile(const Situation& situation) {
    if (!situation.fsdev_mode)
        return fail(ErrorKind::refused, EOPNOTSUPP,
                    "data path extfile: " + situation.device + " is no dax device in fsdev mode");
    if (auto why = why_not(records::KernelPath::extfile, situation); !why.empty())
        return cannot(std::move(why));
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

// What the kernel offers takes a while to find out, and matters in fsdev mode alone.
Situation look_at_situation(const std::string& device, AbiChoice kernel_abi, std::uint64_t allocation_unit) {
    Situation situation{.device = omf::printable(device),
                        .fsdev_mode = is_fsdev(device),
                        .kernel_abi = kernel_abi,
                        .allocation_unit = allocation_unit,
                        .kernel = {}};
    if (situation.fsdev_mode) situation.kernel = find_capabilities();
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

}  // namespace famfs::fused
