// A random (version 4) uuid.
#pragma once

#include "omf/uuid.h"

namespace famfs {

omf::Uuid random_uuid();

}  // namespace famfs
