#include "service/log.h"

#include "omf/path.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace famfs::service {

bool Log::admit(std::uint64_t& left_out) {
    const std::lock_guard guard(mutex_);
    return limit_.admit(left_out);
}

void Log::about_file(std::string_view place, std::string_view what) {
    std::uint64_t left_out = 0;
    if (!admit(left_out)) return;
    if (left_out > 0) warning("{} messages about files were left out", left_out);
    warning("{}: {}", omf::printable(place), what);
}

void Log::internal_error(const std::exception& problem) noexcept try {
    error("internal error: {}", problem.what());
} catch (const std::exception&) {
    return;
}

int Log::fault(std::string_view place, std::string_view call, int code) {
    constexpr std::array faults{EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EDQUOT, ENXIO, ENODEV, EFAULT};
    if (std::ranges::find(faults, code) != faults.end())
        about_file(place, fmt::format("{}: {}", call, std::generic_category().message(code)));
    return code;
}

}  // namespace famfs::service
