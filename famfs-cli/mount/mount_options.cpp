#include "famfs-cli/mount/mount_options.h"

#include "omf/path.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace famfs::cli {
namespace {

Result<void> take_data_path(std::string_view value, MountRequest& request) {
    if (std::ranges::find(data_path_names, value) == data_path_names.end()) {
        return fail(
            ErrorKind::usage, EINVAL,
            fmt::format("data-path={}: none of {}", omf::printable(value), fmt::join(data_path_names, ", ")));
    }
    request.data_path = value;
    return {};
}

}  // namespace

bool is_for_mount_program(std::string_view option) {
    constexpr std::array words{
        "defaults", "auto", "noauto", "user", "nouser", "users", "owner", "group", "nofail", "_netdev",
        // about times that no file here has; libfuse 3.14 does not know them
        "relatime", "norelatime", "strictatime", "diratime", "nodiratime", "lazytime", "nolazytime"};
    constexpr std::array prefixes{"x-", "X-", "comment=", "user=", "uhelper=", "helper="};
    return std::ranges::find(words, option) != words.end() ||
           std::ranges::any_of(prefixes, [&](const char* prefix) { return option.starts_with(prefix); });
}

Result<void> take_mount_option(const std::string& option, MountRequest& request) {
    constexpr std::string_view shadow = "shadow=";
    constexpr std::string_view data_path = "data-path=";
    const std::string_view view = option;
    if (view.empty() || is_for_mount_program(view)) return {};
    if (view.starts_with(data_path)) return take_data_path(view.substr(data_path.size()), request);
    if (view.starts_with(shadow)) {
        request.shadow = view.substr(shadow.size());
    } else if (view == "ro" || view == "rw") {
        request.read_only = view == "ro";
    } else {
        request.options.push_back(option);
    }
    return {};
}

std::vector<std::string> split_mount_options(std::string_view text) {
    std::vector<std::string> options(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == ',') {
            options.emplace_back();
        } else if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == ',') {
            options.back() += text[++i];
        } else {
            options.back() += text[i];
        }
    }
    std::erase(options, "");
    return options;
}

}  // namespace famfs::cli
