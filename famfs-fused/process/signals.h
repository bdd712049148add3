// The signals that end the daemon, as something to poll for.
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <string>

namespace famfs::fused {

// Blocks SIGTERM, SIGINT, SIGHUP (and SIGUSR1, which threads open for themselves) from here on, ignores
// SIGPIPE, and returns a descriptor that becomes readable when one of the first three has come. Call before
// there are threads.
Result<FileDescriptor> take_signals();

// Takes the one that came, and says which, and from where.
std::string describe_signal(const FileDescriptor& signals);

}  // namespace famfs::fused
