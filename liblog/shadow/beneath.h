// Opens paths that may not leave a directory.
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <string>

namespace famfs::shadow {

// openat2() with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS; O_CLOEXEC is added. "" is
// the directory itself.
Result<FileDescriptor> open_beneath(int directory, const std::string& path, int flags);

}  // namespace famfs::shadow
