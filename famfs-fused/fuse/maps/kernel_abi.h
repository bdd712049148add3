// The ways in which kernels ask for file maps, and how to tell which one this kernel speaks.
#pragma once

#include "famfs-fused/fuse/wire/extension.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace famfs::fused {

// What --kernel-abi says: a way by its name, or to find out.
enum class AbiChoice { automatic, v10, next, none };

std::optional<AbiChoice> parse_kernel_abi(std::string_view name);

// One way. All that differs between kernels stands in this row.
struct KernelAbi {
    AbiChoice choice;
    std::string_view name;
    std::span<const std::uint32_t> minors;  // FUSE minors under which init_flag means this
    std::uint64_t init_flag;                // of the INIT: offers it, and takes it
    std::string_view symbol;                // in the kernel's symbol table; "" = only at the operator's word
    std::uint32_t get_map;                  // opcode
    std::uint32_t get_device;               // opcode; 0 = the kernel does not ask for devices
    bool sized_requests;                    // the request says how large the kernel's buffer is
    bool stripes;                           // knows interleaved extents; if not, they are unrolled
    std::size_t max_map;                    // bytes of a whole message
    std::size_t max_extents;                // simple extents or strips in a map
    std::uint64_t devices;                  // indexes below this one
    std::uint64_t alignment;                // of offsets, lengths and chunks
};

std::span<const KernelAbi> kernel_abis();

struct Detection {
    const KernelAbi* abi = nullptr;  // none: this kernel is not to be sent maps
    std::string reason;              // one clause
};

// The offered bit alone proves nothing: other kernels use it for other things. So it takes the FUSE minor and
// the symbol too, or the operator's word in place of the symbol. `has_symbol` is asked only if everything
// else fits.
Detection detect_kernel_abi(AbiChoice choice, const InitOffer& offer,
                            const std::function<bool(std::string_view)>& has_symbol);

// Whether /proc/kallsyms lists a symbol.
bool kernel_has_symbol(std::string_view symbol);

}  // namespace famfs::fused
