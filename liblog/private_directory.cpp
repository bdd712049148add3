#include "liblog/private_directory.h"

#include "omf/path.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace famfs {
namespace {

// A group that is the user's own, as many systems give out, holds nobody else.
bool others_may_write(const struct stat& status) {
    if ((status.st_mode & S_IWOTH) != 0) return true;
    return (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0 && status.st_gid != ::getegid();
}

Result<void> check_one(const std::string& path, bool above) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return fail_errno(errno, omf::printable(path));
    }
    const bool ours = status.st_uid == 0 || status.st_uid == ::geteuid();
    const bool sticky = above && (status.st_mode & S_ISVTX) != 0;
    if (S_ISDIR(status.st_mode) && ours && (sticky || !others_may_write(status))) return {};
    return fail(
        ErrorKind::refused, EPERM,
        fmt::format("{}: not a directory that only root and user {} can write (it belongs to user {}, "
                    "mode {:04o})",
                    omf::printable(path), ::geteuid(), status.st_uid, status.st_mode & 07777U));
}

}  // namespace

Result<void> check_private(const std::string& path) {
    const std::filesystem::path whole(path);
    if (auto checked = check_one(path, false); !checked) return checked;
    for (auto above = whole; above.has_relative_path();) {
        above = above.parent_path();
        if (auto checked = check_one(above.string(), true); !checked) return checked;
    }
    return {};
}

Result<std::string> resolve_directory(const std::string& path) {
    std::error_code code;
    auto absolute = std::filesystem::absolute(path, code);
    if (!code) absolute = std::filesystem::weakly_canonical(absolute, code);
    if (code) return fail_errno(code.value(), omf::printable(path));
    if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();
    return absolute.string();
}

}  // namespace famfs
