// Answers the kernel's questions for maps and devices; the session asks it before libfuse.
#pragma once

#include "famfs-fused/catalogue/node.h"
#include "famfs-fused/iomap/kernel_abi.h"
#include "famfs-fused/outcome.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace famfs::fused {

// Thread safe.
class MapService {
  public:
    virtual ~MapService() = default;
    MapService() = default;
    MapService(const MapService&) = delete;
    MapService& operator=(const MapService&) = delete;

    // How this kernel asks, settled by its INIT; none: it gets no maps.
    virtual const KernelAbi* abi() const = 0;

    // The answer to GET_FMAP for a file. `argument` is what came with the question.
    virtual Outcome<std::vector<std::byte>> map_of(const Node& node, std::span<const std::byte> argument) = 0;

    // The answer to GET_DAXDEV.
    virtual Outcome<std::vector<std::byte>> device(std::uint64_t index) = 0;
};

}  // namespace famfs::fused
