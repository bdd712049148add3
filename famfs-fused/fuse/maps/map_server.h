// Answers the kernel's questions for maps and devices; the session asks it before libfuse.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "famfs-fused/fuse/maps/kernel_abi.h"
#include "famfs-fused/fuse/wire/extension.h"
#include "service/data/map_service.h"
#include "service/device/devices.h"
#include "service/log.h"
#include "service/outcome.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace famfs::fused {

// Thread safe. `devices` and `log` must outlive it.
class MapServer final : public Extension, public MapService {
  public:
    MapServer(const Devices& devices, AbiChoice choice, Log& log);

    InitAnswer answer_init(const InitOffer& offer) override;
    Result<void> ready() const override;
    Result<void> check(const Node& node) const override;

    // How this kernel asks, settled by its INIT; none: it gets no maps.
    const KernelAbi* abi() const { return abi_; }

    // The answer to GET_FMAP for a file. `argument` is what came with the question.
    Outcome<std::vector<std::byte>> map_of(const Node& node, std::span<const std::byte> argument) const;

    // The answer to GET_DAXDEV.
    Outcome<std::vector<std::byte>> device(std::uint64_t index) const;

  private:
    const Devices& devices_;
    const AbiChoice choice_;
    Log& log_;
    const std::vector<std::string_view> symbols_;  // of the running kernel, looked up while files can be seen
    std::atomic<const KernelAbi*> abi_ = nullptr;
    mutable std::mutex mutex_;
    std::string reason_ = "the kernel has not answered";
};

}  // namespace famfs::fused
