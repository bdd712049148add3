#include "famfs-cli/mount/mount_users.h"

#include "liblog/parse_number.h"
#include "omf/path.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>

namespace famfs::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_named = 5;

// Calls `visit` with the name of each entry of a directory of /proc that goes away at any time.
template <typename Visit>
void for_each_entry(const std::string& directory, Visit visit) {
    std::error_code code;
    for (fs::directory_iterator at(directory, code), end; !code && at != end; at.increment(code))
        visit(at->path().filename().string());
}

template <typename Visit>
void for_each_process(Visit visit) {
    for_each_entry("/proc", [&](const std::string& name) {
        if (const auto pid = parse_number<pid_t>(name)) visit(*pid);
    });
}

std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string process_directory(pid_t pid) {
    return fmt::format("/proc/{}", pid);
}

std::string command_of(pid_t pid) {
    std::string name = read_text(process_directory(pid) + "/comm");
    while (name.ends_with('\n'))
        name.pop_back();
    return omf::printable(name);
}

std::string target_of(const std::string& link) {
    std::error_code code;
    return omf::printable(fs::read_symlink(link, code).string());
}

bool lies_in(const std::string& path, const MountIdentity& mount) {
    const auto found = identity_at(path);
    return found && found->device == mount.device && (mount.id == 0 || found->id == mount.id);
}

// The first file of the mount that the process has mapped; "" if there is none. Which mount it was opened
// through only root is told.
std::string mapped_file(const std::string& process, const MountIdentity& mount) {
    const std::string wanted = fmt::format(" {:02x}:{:02x} ", major(mount.device), minor(mount.device));
    std::ifstream maps(process + "/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find(wanted) == std::string::npos) continue;
        const auto through = identity_at(process + "/map_files/" + line.substr(0, line.find(' ')));
        if (through && mount.id != 0 && through->id != mount.id) continue;
        const auto slash = line.find('/');
        return omf::printable(slash == std::string::npos ? "a file" : line.substr(slash));
    }
    return {};
}

// What the process has of the mount, one thing; "" if nothing.
std::string use_by(pid_t pid, const MountIdentity& mount) {
    const std::string process = process_directory(pid);
    for (const auto& [name, meaning] : {std::pair{"/cwd", "working directory"}, std::pair{"/root", "root"}})
        if (lies_in(process + name, mount)) return fmt::format("{} {}", meaning, target_of(process + name));
    std::string found;
    for_each_entry(process + "/fd", [&](const std::string& name) {
        const std::string file = process + "/fd/" + name;
        if (found.empty() && lies_in(file, mount)) found = target_of(file);
    });
    if (!found.empty()) return found;
    const std::string mapped = mapped_file(process, mount);
    return mapped.empty() ? "" : "mapped " + mapped;
}

std::string join(const std::vector<std::string>& named, const char* between) {
    if (named.size() <= max_named) return fmt::format("{}", fmt::join(named, between));
    return fmt::format("{}{}{} more", fmt::join(named.begin(), named.begin() + max_named, between), between,
                       named.size() - max_named);
}

}  // namespace

std::string describe_file_users(const MountIdentity& mount) {
    std::vector<std::string> named;
    for_each_process([&](pid_t pid) {
        const std::string use = use_by(pid, mount);
        if (!use.empty()) named.push_back(fmt::format("{} (process {}: {})", command_of(pid), pid, use));
    });
    return join(named, ", ");
}

std::string describe_mounts_of(dev_t device) {
    std::vector<std::string> named;
    std::set<std::uint64_t> seen;
    std::set<std::string> namespaces;
    const auto take = [&](const std::string& table, const std::string& where) {
        for (const Mount& mount : parse_mounts(table))
            if (mount.device == device && seen.insert(mount.id).second)
                named.push_back(omf::printable(mount.mountpoint) + where);
    };
    take(read_text("/proc/self/mountinfo"), "");
    namespaces.insert(target_of("/proc/self/ns/mnt"));
    for_each_process([&](pid_t pid) {
        const std::string space = target_of(process_directory(pid) + "/ns/mnt");
        if (!space.empty() && !namespaces.insert(space).second) return;
        take(read_text(process_directory(pid) + "/mountinfo"),
             fmt::format(" in the mount namespace of {} (process {})", command_of(pid), pid));
    });
    return join(named, "; ");
}

std::vector<pid_t> children_of(pid_t pid) {
    std::vector<pid_t> found;
    for_each_entry(process_directory(pid) + "/task", [&](const std::string& task) {
        std::ifstream children(fmt::format("{}/task/{}/children", process_directory(pid), task));
        found.insert(found.end(), std::istream_iterator<pid_t>(children), {});
    });
    return found;
}

// "pid (comm) S …"; comm may hold anything.
bool is_stopped(pid_t pid) {
    const std::string text = read_text(process_directory(pid) + "/stat");
    const auto end = text.rfind(") ");
    return end != std::string::npos && end + 2 < text.size() &&
           (text[end + 2] == 'T' || text[end + 2] == 't');
}

std::vector<pid_t> daemons_of(dev_t device) {
    std::vector<pid_t> found;
    for_each_process([&](pid_t pid) {
        if (command_of(pid) != "famfs-fused") return;
        for_each_entry(process_directory(pid) + "/fdinfo", [&](const std::string& name) {
            if (fuse_connection(process_directory(pid) + "/fdinfo/" + name) == device) found.push_back(pid);
        });
    });
    return found;
}

}  // namespace famfs::cli
