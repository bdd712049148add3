// The one error type of the project, and Result<T>, which carries it.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <utility>

namespace famfs {

// What went wrong, by what the caller can do about it. famfs-cli maps a kind to an exit status, famfs-fused
// maps an Error to an errno.
enum class ErrorKind {
    usage,        // the request itself is wrong: option, size, name
    refused,      // would destroy something, or this host may not do it
    corrupt,      // what was read breaks the format
    unsupported,  // this kernel, device or build cannot do it
    busy,         // somebody else holds it
    io,           // the system said no: I/O, permission, space
};

// A failure. `message` is one line without a final newline; it names the object, the value and the limit.
// Much of what goes into it comes from documents, devices and other programs. Whoever puts it together uses
// omf::printable(); what slips through is escaped here, so that no message can forge a line or command a
// terminal.
struct Error {
    Error() = default;
    Error(ErrorKind what, int number, std::string text);

    ErrorKind kind = ErrorKind::io;
    int code = EIO;  // an errno, never 0
    std::string message;
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, int code, std::string message) {
    return std::unexpected(Error{kind, code, std::move(message)});
}

// An io error that ends in the text of `code`: "what: No such file or directory".
std::unexpected<Error> fail_errno(int code, const std::string& what);

}  // namespace famfs
