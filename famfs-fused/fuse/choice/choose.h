// Which data path a mount gets, and why.
#pragma once

#include "famfs-fused/common/service_names.h"
#include "famfs-fused/fuse/maps/kernel_abi.h"
#include "liblog/records/capabilities.h"
#include "omf/constants.h"
#include "omf/error.h"
#include "service/data/data_path_kind.h"

#include <string>

namespace famfs::fused {

struct Choice {
    DataPathKind kind = DataPathKind::copy;  // never automatic
    std::string reason;                      // one clause, for the log
};

// What the choice depends on.
struct Situation {
    std::string device;       // the pool's first, as messages name it
    bool fsdev_mode = false;  // only the kernel can reach its bytes
    AbiChoice kernel_abi = AbiChoice::automatic;
    std::uint64_t allocation_unit = omf::default_allocation_unit;  // of the pool
    records::Capabilities kernel;                                  // looked at in fsdev mode only
};

// `allocation_unit` is the pool's.
Situation look_at_situation(const std::string& device, AbiChoice kernel_abi, std::uint64_t allocation_unit);

// Settles `asked`: the first of iomap, extfile and copy that works here, or just the one that was asked for.
// The reason names why those before it were not taken. kind unsupported or refused if that one does not work.
// With a kernel ABI by name the operator's word counts for iomap.
Result<Choice> choose_data_path(DataPathKind asked, const Situation& situation);

}  // namespace famfs::fused
