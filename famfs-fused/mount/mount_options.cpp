#include "famfs-fused/mount/mount_options.h"

#include "omf/path.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>

namespace famfs::fused {

namespace {

// They name the mount, or belong to the talk between libfuse, fusermount3 and the kernel.
constexpr std::array<std::string_view, 8> reserved{"fsname",  "subtype",  "fd",     "rootmode",
                                                   "user_id", "group_id", "blkdev", "debug"};

constexpr double max_timeout = 86400.0 * 365;  // seconds

std::unexpected<Error> refused(std::string_view option, const std::string& why) {
    return fail(ErrorKind::usage, EINVAL, "-o " + omf::printable(option) + ": " + why);
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    std::size_t start = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
        if (at < text.size() && text[at] == '\\') {
            ++at;
        } else if (at == text.size() || text[at] == ',') {
            parts.push_back(text.substr(start, at - start));
            start = at + 1;
        }
    }
    if (start < text.size()) parts.push_back(text.substr(start));
    return parts;
}

Result<double> parse_timeout(std::string_view option, std::string_view value) {
    double seconds = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (code != std::errc{} || end != value.data() + value.size() || !std::isfinite(seconds) || seconds < 0 ||
        seconds > max_timeout) {
        return refused(option, "not a number of seconds from 0 to 31536000");
    }
    return seconds;
}

Result<void> set_timeout(std::string_view option, std::string_view value, double& timeout) {
    const auto seconds = parse_timeout(option, value);
    if (!seconds) return std::unexpected(seconds.error());
    timeout = *seconds;
    return {};
}

// The kernel reads by whole pages.
Result<unsigned> parse_max_read(std::string_view option, std::string_view value) {
    constexpr unsigned page = 4096;
    unsigned bytes = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), bytes);
    if (code != std::errc{} || end != value.data() + value.size() || bytes < page)
        return refused(option, "not a number of bytes from 4096");
    return bytes;
}

Result<void> add_one(std::string_view option, MountOptions& options) {
    const std::string_view name = option.substr(0, option.find('='));
    const std::string_view value = name.size() < option.size() ? option.substr(name.size() + 1) : "";
    if (name == "attr_timeout") return set_timeout(option, value, options.attribute_timeout);
    if (name == "entry_timeout") return set_timeout(option, value, options.entry_timeout);
    if (name == "max_read") {
        const auto bytes = parse_max_read(option, value);
        if (!bytes) return std::unexpected(bytes.error());
        options.max_read = *bytes;
        options.others.emplace_back(option);
    } else if (option == "direct_io") {
        options.direct_io = true;
    } else if (option == "ro") {
        options.read_only = true;
    } else if (option == "rw") {
        options.read_only = false;
    } else if (std::ranges::find(reserved, name) != reserved.end()) {
        return refused(option, "not an option that can be set");
    } else {
        if (option == "allow_root") options.allow_root = true;
        options.others.emplace_back(option);
    }
    return {};
}

std::string escaped(std::string_view value) {
    std::string text;
    for (const char byte : value) {
        if (byte == ',' || byte == '\\') text += '\\';
        text += byte;
    }
    return text;
}

}  // namespace

Result<void> add_mount_options(std::string_view text, MountOptions& options) {
    for (const std::string_view option : split(text)) {
        if (option.empty()) continue;
        if (auto added = add_one(option, options); !added) return added;
    }
    return {};
}

std::string libfuse_options(const MountOptions& options, std::string_view source, bool as_root) {
    std::string text = "fsname=" + escaped(source) + ",subtype=famfs,default_permissions";
    if (as_root && !options.allow_root) text += ",allow_other";
    if (options.read_only) text += ",ro";
    for (const std::string& other : options.others)
        text += ',' + other;
    return text;
}

}  // namespace famfs::fused
