#include "famfs-fused/fuse/choice/capabilities.h"

#include "famfs-fused/fuse/maps/kernel_abi.h"
#include "famfs-fused/fuse/wire/kernel_offer.h"
#include "liblog/device/extent_control.h"

#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace famfs::fused {

namespace {

using records::Capability;
using records::Lack;

bool has_raw_io() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with("CapEff:")) continue;
        const std::uint64_t capabilities = std::strtoull(line.c_str() + sizeof "CapEff:" - 1, nullptr, 16);
        return (capabilities >> CAP_SYS_RAWIO & 1) != 0;
    }
    return false;
}

// The way in which this kernel asks for maps, if its symbols show one; else nullptr.
const KernelAbi* find_abi() {
    const auto known = kernel_abis();
    const auto found = std::ranges::find_if(
        known, [](const KernelAbi& abi) { return !abi.symbol.empty() && kernel_has_symbol(abi.symbol); });
    return found == known.end() ? nullptr : &*found;
}

// The kernel offers maps only to a mounting task that may touch memory.
Capability find_maps(const KernelAbi* abi) {
    if (!has_raw_io()) return {Lack::raw_io, "this process lacks CAP_SYS_RAWIO"};
    if (abi == nullptr) return {Lack::kernel_support, "this kernel has no famfs maps"};
    return {};
}

Capability find_passthrough() {
    if (::geteuid() != 0) return {Lack::root, "only root may use it"};
    const auto offer = ask_kernel();
    if (!offer) return {Lack::answer, offer.error().message};
    if ((offer->flags & init_passthrough) == 0)
        return {Lack::kernel_support,
                "this kernel's FUSE has no passthrough (Linux 6.9, CONFIG_FUSE_PASSTHROUGH)"};
    return {};
}

Capability find_module() {
    const auto module = device::ExtentControl::open();
    if (module) return {};
    return {Lack::module, module.error().message};
}

}  // namespace

records::Capabilities find_capabilities() {
    const KernelAbi* const abi = find_abi();
    return {.maps = find_maps(abi),
            .passthrough = find_passthrough(),
            .module = find_module(),
            .kernel_abi = std::string(abi == nullptr ? "" : abi->name),
            .map_unit = (abi == nullptr ? kernel_abis().front() : *abi).alignment};
}

}  // namespace famfs::fused
