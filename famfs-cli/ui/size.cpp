#include "famfs-cli/ui/size.h"

#include "omf/path.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace famfs::cli {
namespace {

// log2 of the unit that a suffix stands for.
std::optional<unsigned> unit_shift(std::string_view suffix) {
    if (suffix.empty()) return 0;
    const std::string_view rest = suffix.substr(1);
    if (!rest.empty() && rest != "iB") return std::nullopt;
    switch (suffix.front()) {
        case 'K':
        case 'k':
            return 10;
        case 'M':
        case 'm':
            return 20;
        case 'G':
        case 'g':
            return 30;
        case 'T':
        case 't':
            return 40;
        default:
            return std::nullopt;
    }
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
    constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    const auto shift = unit_shift({rest, end});
    if (error == std::errc::invalid_argument || !shift) {
        return fail(
            ErrorKind::usage, EINVAL,
            fmt::format("{} is not a size: give bytes, or a number with K, M, G or T", omf::printable(text)));
    }
    if (error == std::errc::result_out_of_range || number > largest >> *shift) {
        return fail(ErrorKind::usage, ERANGE,
                    fmt::format("{} is more than 2^63-1 bytes", omf::printable(text)));
    }
    return number << *shift;
}

std::string readable_size(std::uint64_t bytes) {
    constexpr std::array units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) return fmt::format("{} B", bytes);
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (value >= 1023.95 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string exact_size(std::uint64_t bytes) {
    if (bytes < 1024) return readable_size(bytes);
    return fmt::format("{} ({} bytes)", readable_size(bytes), bytes);
}

std::string counted(std::uint64_t count, std::string_view singular, std::string_view plural) {
    return fmt::format("{} {}", count, count == 1 ? singular : plural);
}

}  // namespace famfs::cli
