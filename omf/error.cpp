#include "omf/error.h"

#include "omf/path.h"

#include <system_error>

namespace famfs {

Error::Error(ErrorKind what, int number, std::string text)
    : kind(what), code(number), message(omf::one_line(std::move(text))) {}

std::unexpected<Error> fail_errno(int code, const std::string& what) {
    return fail(ErrorKind::io, code, what + ": " + std::generic_category().message(code));
}

}  // namespace famfs
