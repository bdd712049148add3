#include "famfs-cli/copy/directory_names.h"

#include "liblog/directory_stream.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <system_error>

namespace famfs::cli {
namespace {

std::unexpected<Error> failed(int code) {
    return fail(ErrorKind::io, code, std::generic_category().message(code));
}

}  // namespace

Result<std::vector<std::string>> names_in(int directory, const std::optional<FamfsPlace>& place) {
    const DirectoryStream stream = open_stream(FileDescriptor(::fcntl(directory, F_DUPFD_CLOEXEC, 0)));
    if (!stream) return failed(errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* const entry = ::readdir(stream.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
        errno = 0;
    }
    if (errno != 0) return failed(errno);
    if (place && place->path.empty()) std::erase(names, ".meta");
    std::ranges::sort(names);
    return names;
}

}  // namespace famfs::cli
