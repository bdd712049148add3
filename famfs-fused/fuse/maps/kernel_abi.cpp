#include "famfs-fused/fuse/maps/kernel_abi.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <utility>

namespace famfs::fused {

namespace {

constexpr std::uint64_t bit_43 = std::uint64_t{1} << 43;
constexpr std::uint64_t two_mib = 0x200000;

// From 46 on bit 43 is FUSE_HAS_IO_URING_BUFPOOL.
constexpr std::array<std::uint32_t, 1> v10_minors{45};
constexpr std::array<std::uint32_t, 2> next_minors{45, 99};

constexpr std::array abis{
    KernelAbi{.choice = AbiChoice::v10,
              .name = "v10",
              .minors = v10_minors,
              .init_flag = bit_43,
              .symbol = "famfs_fuse_iomap_begin",
              .get_map = 54,
              .get_device = 55,
              .sized_requests = false,
              .stripes = true,
              .max_map = 4096,
              .max_extents = 32,
              .devices = 1,
              .alignment = two_mib},
    KernelAbi{.choice = AbiChoice::next,
              .name = "next",
              .minors = next_minors,
              .init_flag = bit_43,
              .symbol = "",
              .get_map = 54,
              .get_device = 0,
              .sized_requests = true,
              .stripes = false,
              .max_map = 16 * 1024 * 1024,
              .max_extents = 16 * 1024 * 1024 / 24,
              .devices = 64,
              .alignment = two_mib},
};

constexpr std::array<std::pair<std::string_view, AbiChoice>, 4> names{{{"auto", AbiChoice::automatic},
                                                                       {"v10", AbiChoice::v10},
                                                                       {"next", AbiChoice::next},
                                                                       {"none", AbiChoice::none}}};

std::string hex(std::uint64_t flag) {
    return fmt::format("{:#x}", flag);
}

// Why this row is not the kernel's; "" if it is.
std::string why_unavailable(const KernelAbi& abi, bool on_word, const InitOffer& offer,
                            const std::function<bool(std::string_view)>& has_symbol) {
    if ((offer.flags & abi.init_flag) == 0)
        return fmt::format("INIT flag {} is not offered", hex(abi.init_flag));
    if (std::ranges::find(abi.minors, offer.minor) == abi.minors.end())
        return fmt::format("INIT flag {} means something else in FUSE 7.{}", hex(abi.init_flag), offer.minor);
    if (on_word) return {};
    if (abi.symbol.empty()) return "taken only with --kernel-abi";
    if (!has_symbol(abi.symbol)) return fmt::format("the kernel has no symbol {}", abi.symbol);
    return {};
}

}  // namespace

std::optional<AbiChoice> parse_kernel_abi(std::string_view name) {
    const auto found = std::ranges::find(names, name, [](const auto& row) { return row.first; });
    if (found == names.end()) return std::nullopt;
    return found->second;
}

std::span<const KernelAbi> kernel_abis() {
    return abis;
}

Detection detect_kernel_abi(AbiChoice choice, const InitOffer& offer,
                            const std::function<bool(std::string_view)>& has_symbol) {
    if (choice == AbiChoice::none) return {nullptr, "--kernel-abi=none"};
    std::string reasons;
    for (const KernelAbi& abi : abis) {
        const bool on_word = choice == abi.choice;
        if (!on_word && choice != AbiChoice::automatic) continue;
        const std::string why_not = why_unavailable(abi, on_word, offer, has_symbol);
        if (why_not.empty()) return {&abi, on_word ? "as told" : "flag, FUSE minor and symbol agree"};
        if (!reasons.empty()) reasons += "; ";
        reasons += fmt::format("not {}: {}", abi.name, why_not);
    }
    return {nullptr, reasons};
}

bool kernel_has_symbol(std::string_view symbol) {
    std::ifstream symbols("/proc/kallsyms");
    const std::string wanted = fmt::format(" {}", symbol);
    for (std::string line; std::getline(symbols, line);) {
        const std::string_view name = std::string_view(line).substr(0, line.find('\t'));  // then the module
        if (name.ends_with(wanted)) return true;
    }
    return false;
}

}  // namespace famfs::fused
