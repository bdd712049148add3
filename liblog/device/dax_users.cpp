#include "liblog/device/dax_users.h"

#include "liblog/device/lock.h"
#include "liblog/device/memory.h"
#include "liblog/device/mount_memory.h"
#include "liblog/parse_number.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
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

// Where the module has a directory for each device that it holds, one value a file.
std::string held_devices(const DaxSystem& system) {
    return system.at("/sys/fs/famfs_dax/devices/");
}

// The first word of a file; "" if it cannot be read.
std::string first_word(const std::string& path) {
    std::string word;
    std::ifstream(path) >> word;
    return word;
}

std::optional<std::uint64_t> number_in(const std::string& path) {
    return parse_number<std::uint64_t>(first_word(path));
}

bool is_held(const Memory& memory, LockKind kind) {
    const auto held = Lock::held(memory, kind);
    return held && *held != Held::free;
}

}  // namespace

std::vector<pid_t> node_users(dev_t number, const DaxSystem& system) {
    std::vector<pid_t> users;
    any_entry(system.at("/proc"), [&](const fs::path& process) {
        const auto pid = parse_number<pid_t>(process.filename().string());
        if (pid && uses_node(process.string(), number)) users.push_back(*pid);
        return false;
    });
    return users;
}

std::optional<ExtentUse> extent_use(const std::string& name, const DaxSystem& system) {
    const std::string device = held_devices(system) + name;
    const auto claimed = number_in(device + "/claimed");
    if (!claimed) return std::nullopt;
    return ExtentUse{*claimed, number_in(device + "/pinned").value_or(0),
                     number_in(device + "/attachments").value_or(0)};
}

std::optional<std::string> leaving_device(const DaxSystem& system) {
    std::optional<std::string> leaving;
    any_entry(held_devices(system), [&](const fs::path& device) {
        if (first_word(device / "state") != "leaving") return false;
        leaving = device.filename().string();
        return true;
    });
    return leaving;
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
