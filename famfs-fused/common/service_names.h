// The daemon calls what it takes from the service by its short name.
#pragma once

namespace famfs::service {}

namespace famfs::fused {
using namespace service;
}  // namespace famfs::fused
