#include "omf/error.h"

#include <system_error>

namespace famfs {

std::unexpected<Error> fail_errno(int code, const std::string& what) {
    return fail(ErrorKind::io, code, what + ": " + std::generic_category().message(code));
}

}  // namespace famfs
