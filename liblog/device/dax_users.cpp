#include "liblog/device/dax_users.h"

#include "liblog/device/lock.h"
#include "liblog/device/memory.h"
#include "liblog/device/mount_memory.h"
#include "liblog/parse_number.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace famfs::device {
namespace {

namespace fs = std::filesystem;

// Calls `visit` with each path in `directory` until it returns true; true then.
template <typename Visit>
bool any_entry(const std::string& directory, Visit visit) {
    std::error_code code;
    for (fs::directory_iterator at(directory, code), end; !code && at != end; at.increment(code)) {
        if (visit(at->path())) return true;
    }
    return false;
}

bool is_node(const fs::path& path, dev_t number) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == number;
}

// Looks only at mappings of something below /dev: a process may have many thousands of others.
bool maps_node(const std::string& process, dev_t number) {
    std::ifstream maps(process + "/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find(" /dev/") == std::string::npos) continue;
        if (is_node(process + "/map_files/" + line.substr(0, line.find(' ')), number)) return true;
    }
    return false;
}

bool uses_node(const std::string& process, dev_t number) {
    return any_entry(process + "/fd", [&](const fs::path& file) { return is_node(file, number); }) ||
           maps_node(process, number);
}

// "dax0.0 size=… claimed=… pinned=… attachments=… …"
ExtentUse parse_use(const std::string& line) {
    ExtentUse use;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
        const std::string_view text(word);
        if (text.starts_with("claimed="))
            use.claimed = parse_number<std::uint64_t>(text.substr(8)).value_or(0);
        if (text.starts_with("pinned=")) use.pinned = parse_number<std::uint64_t>(text.substr(7)).value_or(0);
        if (text.starts_with("attachments="))
            use.attachments = parse_number<std::uint64_t>(text.substr(12)).value_or(0);
    }
    return use;
}

// The first line of the module's list of devices that `wanted` is true of.
template <typename Wanted>
std::optional<std::string> find_line(Wanted wanted) {
    std::ifstream list("/sys/class/misc/famfs_dax/devices");
    for (std::string line; std::getline(list, line);) {
        if (wanted(line)) return line;
    }
    return std::nullopt;
}

bool is_held(const Memory& memory, LockKind kind) {
    const auto held = Lock::held(memory, kind);
    return held && *held != Held::free;
}

}  // namespace

std::vector<pid_t> node_users(dev_t number) {
    std::vector<pid_t> users;
    any_entry("/proc", [&](const fs::path& process) {
        const auto pid = parse_number<pid_t>(process.filename().string());
        if (pid && uses_node(process.string(), number)) users.push_back(*pid);
        return false;
    });
    return users;
}

std::optional<ExtentUse> extent_use(const std::string& name) {
    const auto line = find_line([&](const std::string& each) { return each.starts_with(name + " "); });
    return line ? std::optional(parse_use(*line)) : std::nullopt;
}

std::optional<std::string> leaving_device() {
    const auto line = find_line([](const std::string& each) { return each.ends_with(" state=leaving"); });
    return line ? std::optional(line->substr(0, line->find(' '))) : std::nullopt;
}

DaxUse use_of(const DaxDevice& device) {
    DaxUse use;
    use.extents = extent_use(device.name);
    if (device.mode == DaxMode::devdax) use.open = node_users(device.number);
    const bool held = device.mode == DaxMode::fsdev && mount_that_holds("/dev/" + device.name);
    if (use.open.empty() && !use.extents && !held) return use;
    if (const auto memory = open_memory("/dev/" + device.name, Access::read_only)) {
        use.mounted = held || is_held(**memory, LockKind::mounted);
        use.written = is_held(**memory, LockKind::writer);
    }
    return use;
}

}  // namespace famfs::device
