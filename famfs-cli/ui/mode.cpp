#include "famfs-cli/ui/mode.h"

#include "omf/path.h"

#include <fmt/format.h>

#include <charconv>

namespace famfs::cli {

Result<std::uint32_t> parse_mode(std::string_view text) {
    std::uint32_t mode = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, mode, 8);
    if (error != std::errc{} || rest != end || mode > 07777 || text.size() > 5) {
        return fail(ErrorKind::usage, EINVAL,
                    fmt::format("{} is not a mode: give octal digits from 0 to 7777", omf::printable(text)));
    }
    return mode;
}

}  // namespace famfs::cli
