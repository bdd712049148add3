// What this host's kernel offers to the process that asks, for pools on devices in fsdev mode. The daemon
// finds it out and `famfs-fused --offers` prints it; both programs decide by it.
#pragma once

#include "omf/error.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace famfs::records {

// Why something is not to be had. The names are for programs, and stay.
enum class Lack {
    none,            // it is there
    raw_io,          // "raw-io": the process lacks CAP_SYS_RAWIO
    root,            // "root": only root may use it
    answer,          // "answer": the kernel could not be asked
    kernel_support,  // "kernel-support": this kernel has no such thing
    module,          // "module": a module of ours is not loaded, or not the one we know
    unit,            // "unit": not with this pool's allocation unit; of the pool, not in the record
};

std::string_view name(Lack lack);

// Something that is there, or why it is not.
struct Capability {
    Lack lack = Lack::none;
    std::string message{};  // one clause for people, "" if it is there

    bool available() const { return lack == Lack::none; }
    bool operator==(const Capability&) const = default;
};

struct Capabilities {
    Capability maps;         // the kernel takes file maps, as far as can be known before a mount
    Capability passthrough;  // FUSE passes files through to others
    Capability module;       // famfs_dax, which makes files of a device's extents
    // The way the kernel asks for maps, as --kernel-abi names it; "" if none is recognised.
    std::string kernel_abi{};
    std::uint64_t map_unit = std::uint64_t{2} << 20;  // bytes; offsets and lengths of maps are multiples

    bool operator==(const Capabilities&) const = default;
};

// One JSON document with a final newline; docs/man/famfs-fused.8.md describes it.
std::string write_capabilities(const Capabilities& capabilities);
// kind corrupt for anything that write_capabilities() does not write.
Result<Capabilities> read_capabilities(std::string_view text);

// The data paths in which the kernel reaches the memory by itself, the preferred one first.
enum class KernelPath { iomap, extfile };
inline constexpr std::array kernel_paths{KernelPath::iomap, KernelPath::extfile};
std::string_view name(KernelPath path);
std::optional<KernelPath> parse_kernel_path(std::string_view name);

// Why a pool with this allocation unit (bytes), on devices in fsdev mode, cannot have that path; available()
// if it can. A module that is not loaded comes last: whoever can load it has then nothing else to mend.
Capability check_path(KernelPath path, const Capabilities& capabilities, std::uint64_t allocation_unit);

}  // namespace famfs::records
