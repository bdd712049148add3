// In which form a shadow tree's documents are.
#pragma once

#include "liblog/shadow/document.h"

#include <string>

namespace famfs::cli {

// What the tree in `directory` says it is written in; form 1 for one that does not say, or is not there yet.
shadow::Form shadow_form(const std::string& directory);

}  // namespace famfs::cli
