#include "liblog/pool/system_uuid.h"

#include "liblog/file_descriptor.h"
#include "liblog/file_io.h"
#include "liblog/random_uuid.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

namespace famfs::pool {
namespace {

constexpr std::size_t max_file = 4096;

std::string_view trim(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blank);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// The value of an environment variable; "" if unset.
std::string environment(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr ? value : "";
}

// A relative path would name another file in each directory.
bool is_absolute(const std::string& path) {
    return path.starts_with('/');
}

// "" if the environment names no home.
std::string user_path() {
    constexpr const char* file = "/famfs/system_uuid";
    if (const std::string config = environment("XDG_CONFIG_HOME"); is_absolute(config)) return config + file;
    const std::string home = environment("HOME");
    return is_absolute(home) ? home + "/.config" + file : "";
}

// Makes the directory and those above it that are missing; returns it, then each whose entries that changed.
Result<std::vector<std::filesystem::path>> make_directories(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> changed{directory.empty() ? "." : directory};
    std::error_code error;
    while (!changed.back().empty() && !std::filesystem::exists(changed.back(), error))
        changed.push_back(changed.back().parent_path());
    if (changed.back().empty()) changed.back() = ".";
    std::filesystem::create_directories(changed.front(), error);
    if (error) return fail_errno(error.value(), directory.string());
    return changed;
}

// A pool whose superblock outlives this host's uuid has no master any more. Some file systems (EINVAL) have
// nothing to sync.
Result<void> sync_directory(const std::filesystem::path& directory) {
    const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened && (::fsync(opened.get()) == 0 || errno == EINVAL)) return {};
    return fail_errno(errno, directory.string());
}

// Writes the file where there is none, and keeps it over a crash: link() fails on one that appeared
// meanwhile.
Result<void> create(const std::string& path, const omf::Uuid& uuid) {
    const auto changed = make_directories(std::filesystem::path(path).parent_path());
    if (!changed) return std::unexpected(changed.error());
    const std::string temporary = path + "." + to_string(uuid);
    const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file) return fail_errno(errno, path);
    const std::string text = to_string(uuid) + "\n";
    auto written = write_at(file.get(), std::as_bytes(std::span(text)), 0);
    int code = written ? 0 : written.error().code;
    if (code == 0 && ::fsync(file.get()) != 0) code = errno;
    if (code == 0 && ::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST) code = errno;
    ::unlink(temporary.c_str());
    if (code != 0) return fail_errno(code, path);
    for (const auto& directory : *changed)
        if (auto synced = sync_directory(directory); !synced) return synced;
    return {};
}

Result<omf::Uuid> read(const std::string& path) {
    const auto text = read_file(AT_FDCWD, path, max_file, Owner::trusted);
    if (!text) return std::unexpected(text.error());
    if (const auto uuid = omf::parse_uuid(trim(*text))) return *uuid;
    return fail(ErrorKind::refused, EUCLEAN,
                path + " does not hold a uuid; mend or remove it (removing makes this host a new one)");
}

}  // namespace

std::string system_uuid_path() {
    constexpr const char* upstream = "/opt/famfs/system_uuid";
    constexpr const char* system = "/etc/famfs/system_uuid";
    if (std::string path = environment("FAMFS_SYSTEM_UUID_FILE"); !path.empty()) return path;
    if (::access(upstream, F_OK) == 0) return upstream;
    if (::access(system, F_OK) == 0 || ::geteuid() == 0) return system;
    return user_path();
}

std::optional<omf::Uuid> read_system_uuid() {
    const auto uuid = read(system_uuid_path());
    if (!uuid) return std::nullopt;
    return *uuid;
}

Result<omf::Uuid> ensure_system_uuid() {
    const std::string path = system_uuid_path();
    if (path.empty()) {
        return fail(ErrorKind::usage, ENOENT,
                    "no place for the identity of this host: HOME is not set to an absolute path; set it, or "
                    "FAMFS_SYSTEM_UUID_FILE");
    }
    const auto found = read(path);
    if (found || found.error().code != ENOENT) return found;
    if (auto created = create(path, random_uuid()); !created) return std::unexpected(created.error());
    return read(path);
}

}  // namespace famfs::pool
