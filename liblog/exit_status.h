// Exit statuses that both programs share. docs/man/famfs.1.md lists them for users.
#pragma once

#include "omf/error.h"

namespace famfs {

enum ExitStatus : int {
    exit_done = 0,
    exit_findings = 1,  // done, but something is wrong with the pool or with some files
    exit_usage = 2,
    exit_refused = 3,
    exit_corrupt = 4,
    exit_system = 5,
};

constexpr ExitStatus exit_status(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::usage:
            return exit_usage;
        case ErrorKind::refused:
        case ErrorKind::busy:
            return exit_refused;
        case ErrorKind::corrupt:
            return exit_corrupt;
        case ErrorKind::unsupported:
        case ErrorKind::io:
            break;
    }
    return exit_system;
}

}  // namespace famfs
