// The yaml data path: the shadow tree shown as it is, for reading.
#pragma once

#include "service/data/data_path.h"
#include "service/log.h"
#include "service/shadow/root.h"

#include <memory>

namespace famfs::service {

// `shadow` must outlive it.
std::unique_ptr<DataPath> make_yaml_path(const ShadowRoot& shadow, Log& log);

}  // namespace famfs::service
