// The yaml data path: the shadow tree shown as it is, for reading.
#pragma once

#include "famfs-fused/data/data_path.h"
#include "famfs-fused/log.h"
#include "famfs-fused/shadow/root.h"

#include <memory>

namespace famfs::fused {

// `shadow` must outlive it.
std::unique_ptr<DataPath> make_yaml_path(const ShadowRoot& shadow, Log& log);

}  // namespace famfs::fused
