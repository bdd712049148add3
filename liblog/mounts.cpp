#include "liblog/mounts.h"

#include "liblog/parse_number.h"
#include "omf/path.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace famfs {
namespace {

constexpr bool octal(char digit) {
    return digit >= '0' && digit <= '7';
}

// The kernel writes blanks and backslashes as \ooo.
std::string unescape(std::string_view field) {
    std::string text;
    while (!field.empty()) {
        if (field.size() >= 4 && field[0] == '\\' && octal(field[1]) && octal(field[2]) && octal(field[3])) {
            text += static_cast<char>((field[1] - '0') << 6 | (field[2] - '0') << 3 | (field[3] - '0'));
            field.remove_prefix(4);
        } else {
            text += field.front();
            field.remove_prefix(1);
        }
    }
    return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

void read_options(std::string_view options, Mount& mount) {
    constexpr std::string_view user = "user_id=";
    for (const auto option : split(options, ',')) {
        if (option == "ro") mount.read_only = true;
        if (option.starts_with(user)) mount.user = parse_number<uid_t>(option.substr(user.size()));
    }
}

// "36 35 98:0 /root /mountpoint rw,noatime [tags…] - type source super,options"
std::optional<Mount> parse_line(std::string_view line) {
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) return std::nullopt;
    const auto left = split(line.substr(0, dash), ' ');
    const auto right = split(line.substr(dash + 3), ' ');
    if (left.size() < 6 || right.size() < 2) return std::nullopt;
    const auto id = parse_number<std::uint64_t>(left[0]);
    if (!id) return std::nullopt;
    Mount mount{*id, unescape(left[3]), unescape(left[4]), unescape(right[0]), unescape(right[1]), false, {}};
    read_options(left[5], mount);
    if (right.size() > 2) read_options(right[2], mount);
    return mount;
}

}  // namespace

std::vector<Mount> parse_mounts(std::string_view mountinfo) {
    std::vector<Mount> mounts;
    for (const auto line : split(mountinfo, '\n')) {
        if (auto mount = parse_line(line)) mounts.push_back(std::move(*mount));
    }
    return mounts;
}

Result<std::vector<Mount>> read_mounts() {
    std::ifstream file("/proc/self/mountinfo", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file) return fail_errno(EIO, "cannot read /proc/self/mountinfo; is /proc mounted?");
    return parse_mounts(text);
}

const Mount* find_mount(const std::vector<Mount>& mounts, std::string_view mountpoint) {
    const auto found = std::find_if(mounts.rbegin(), mounts.rend(),
                                    [&](const Mount& mount) { return mount.mountpoint == mountpoint; });
    return found == mounts.rend() ? nullptr : &*found;
}

Result<void> check_trusted(const Mount& mount) {
    if (mount.user && (*mount.user == 0 || *mount.user == ::geteuid())) return {};
    return fail(
        ErrorKind::refused, EPERM,
        fmt::format("{}: mounted by user {}, who is neither root nor the caller; name the device instead",
                    omf::printable(mount.mountpoint), mount.user ? fmt::to_string(*mount.user) : "unknown"));
}

}  // namespace famfs
