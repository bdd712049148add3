#include "liblog/mounts.h"

#include "liblog/parse_number.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

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

std::optional<dev_t> parse_device(std::string_view field) {
    const auto colon = field.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto major = parse_number<unsigned>(field.substr(0, colon));
    const auto minor = parse_number<unsigned>(field.substr(colon + 1));
    if (!major || !minor) return std::nullopt;
    return makedev(*major, *minor);
}

// Whether the path `inner` is `outer` or lies below it.
bool holds(std::string_view outer, std::string_view inner) {
    return inner.starts_with(outer) &&
           (inner.size() == outer.size() || outer == "/" || inner[outer.size()] == '/');
}

bool stands_on(const std::vector<Mount>& mounts, const Mount& mount, std::uint64_t ancestor) {
    const Mount* below = find_mount(mounts, mount.parent);
    for (std::size_t steps = 0; below != nullptr && steps < mounts.size(); ++steps) {
        if (below->id == ancestor) return true;
        below = find_mount(mounts, below->parent);
    }
    return false;
}

// "36 35 98:0 /root /mountpoint rw,noatime [tags…] - type source super,options"
std::optional<Mount> parse_line(std::string_view line) {
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) return std::nullopt;
    const auto left = split(line.substr(0, dash), ' ');
    const auto right = split(line.substr(dash + 3), ' ');
    if (left.size() < 6 || right.size() < 2) return std::nullopt;
    const auto id = parse_number<std::uint64_t>(left[0]);
    const auto parent = parse_number<std::uint64_t>(left[1]);
    const auto device = parse_device(left[2]);
    if (!id || !parent || !device) return std::nullopt;
    Mount mount;
    mount.id = *id;
    mount.parent = *parent;
    mount.device = *device;
    mount.root = unescape(left[3]);
    mount.mountpoint = unescape(left[4]);
    mount.type = unescape(right[0]);
    mount.source = unescape(right[1]);
    read_options(left[5], mount);
    if (right.size() > 2) {
        const bool mount_alone = std::exchange(mount.read_only, false);
        read_options(right[2], mount);
        mount.read_only_file_system = mount.read_only;
        mount.read_only = mount.read_only || mount_alone;
    }
    return mount;
}

// But for what a remount changes.
bool same_mount(const Mount& left, const Mount& right) {
    return left.root == right.root && left.type == right.type && left.source == right.source &&
           left.user == right.user;
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

Result<MountRoot> MountRoot::open(const Mount& mount) {
    const std::string shown = omf::printable(mount.mountpoint);
    FileDescriptor root(::open(mount.mountpoint.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return fail_errno(errno, shown);
    const auto id = mount_id(root.get());
    if (!id) return std::unexpected(id.error());
    const auto now = read_mounts();
    if (!now) return std::unexpected(now.error());
    const auto found = std::ranges::find(*now, *id, &Mount::id);
    if (*id == mount.id && found != now->end() && same_mount(*found, mount))
        return MountRoot(std::move(root));
    return fail(ErrorKind::refused, ESTALE,
                shown + ": it was unmounted, or something else mounted there, meanwhile");
}

Result<std::string> MountRoot::attribute(const char* name) const {
    return attribute_of(descriptor(), name);
}

Result<std::string> path_of(int descriptor) {
    std::error_code code;
    const auto path = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", descriptor), code);
    if (code) return fail_errno(code.value(), "cannot read /proc/self/fd; is /proc mounted?");
    return path.string();
}

Result<std::uint64_t> mount_id(int descriptor) {
    struct statx status{};
    constexpr int flags = AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
    if (::statx(descriptor, "", flags, STATX_MNT_ID, &status) != 0) return fail_errno(errno, "statx");
    if ((status.stx_mask & STATX_MNT_ID) != 0) return status.stx_mnt_id;
    return fail(ErrorKind::unsupported, ENOTSUP,
                "this kernel does not tell mounts apart; Linux 5.8 or later does");
}

// fgetxattr() does not take an O_PATH descriptor.
Result<std::string> attribute_of(int descriptor, const char* name) {
    std::string value(8192, '\0');
    const std::string path = fmt::format("/proc/self/fd/{}", descriptor);
    const ssize_t length = ::getxattr(path.c_str(), name, value.data(), value.size());
    if (length < 0) return fail_errno(errno, name);
    value.resize(static_cast<std::size_t>(length));
    return value;
}

const Mount* find_mount(const std::vector<Mount>& mounts, std::uint64_t id) {
    const auto found = std::ranges::find(mounts, id, &Mount::id);
    return found == mounts.end() ? nullptr : &*found;
}

const Mount* find_cover(const std::vector<Mount>& mounts, const Mount& mount) {
    const auto covers = [&](const Mount& other) {
        return other.id != mount.id && holds(other.mountpoint, mount.mountpoint) &&
               !stands_on(mounts, mount, other.id);
    };
    const auto found = std::find_if(mounts.rbegin(), mounts.rend(), covers);
    return found == mounts.rend() ? nullptr : &*found;
}

std::string describe(const Mount& mount) {
    return fmt::format("{} {} on {}", omf::printable(mount.type), omf::printable(mount.source),
                       omf::printable(mount.mountpoint));
}

Result<void> check_trusted(const Mount& mount) {
    if (mount.user && (*mount.user == 0 || *mount.user == ::geteuid())) return {};
    return fail(
        ErrorKind::refused, EPERM,
        fmt::format("{}: mounted by user {}, who is neither root nor the caller; name the device instead",
                    omf::printable(mount.mountpoint), mount.user ? fmt::to_string(*mount.user) : "unknown"));
}

}  // namespace famfs
