#include "famfs-cli/run_directory.h"

#include "famfs-cli/device_mode.h"
#include "famfs-cli/json.h"
#include "famfs-cli/remove_tree.h"
#include "liblog/mounts.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

namespace famfs::cli {
namespace {

// Mounts run in it with the caller's rights, so it must be the caller's alone.
Result<void> make_base(const std::string& base) {
    if (::mkdir(base.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(errno, omf::printable(base));
    struct stat status{};
    if (::lstat(base.c_str(), &status) != 0) return fail_errno(errno, omf::printable(base));
    if (S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() && (status.st_mode & 022) == 0) return {};
    return fail(
        ErrorKind::refused, EPERM,
        fmt::format("{}: not a directory that only user {} can write; remove it, or set XDG_RUNTIME_DIR",
                    omf::printable(base), ::geteuid()));
}

std::vector<std::string> entries(const std::string& base) {
    std::vector<std::string> found;
    std::error_code code;
    for (std::filesystem::directory_iterator at(base, code), end; !code && at != end; at.increment(code)) {
        if (at->path().filename().string().starts_with("mount-")) found.push_back(at->path().string());
    }
    return found;
}

std::string read_small_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(8192, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

// Nobody holds a lock on this file (or there is no file).
bool unlocked(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    return !file || ::flock(file.get(), LOCK_SH | LOCK_NB) == 0;
}

template <typename Condition>
bool wait_until(std::chrono::milliseconds limit, const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

bool is_mounted(const std::string& mountpoint) {
    const auto mounts = read_mounts();
    if (!mounts) return true;
    const Mount* const mount = find_mount(*mounts, mountpoint);
    return mount != nullptr && mount->famfs();
}

}  // namespace

std::string RunDirectory::base() {
    if (::geteuid() == 0) return "/run/famfs";
    const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime == '/') return std::string(runtime) + "/famfs";
    return fmt::format("/tmp/famfs-{}", ::geteuid());
}

Result<RunDirectory> RunDirectory::create() {
    const std::string parent = base();
    if (const auto made = make_base(parent); !made) return std::unexpected(made.error());
    std::string name = parent + "/mount-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
        return fail_errno(errno, fmt::format("cannot make a directory in {}", omf::printable(parent)));
    }
    RunDirectory directory(name);
    directory.lock_ = FileDescriptor(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.lock_ || ::flock(directory.lock_.get(), LOCK_EX) != 0) {
        return fail_errno(errno, fmt::format("cannot lock {}", omf::printable(name)));
    }
    return directory;
}

std::optional<RunDirectory> RunDirectory::find(const std::string& mountpoint) {
    for (const auto& path : entries(base())) {
        RunDirectory directory(path);
        const auto record = json::read_mount_record(read_small_file(path + "/mount.yaml"));
        if (!record || record->mountpoint != mountpoint) continue;
        directory.record_ = *record;
        return directory;
    }
    return std::nullopt;
}

// Its mount has ended, and nobody cleans up; then it is locked.
bool RunDirectory::claim_abandoned() {
    return lock(std::chrono::milliseconds(0)) && !is_gone() && unlocked(pid_path()) &&
           !is_mounted(record_.mountpoint);
}

// Nothing else shows that there still is a mount, and why its device is not what it was. A daemon that is
// just ending gets a moment.
void RunDirectory::note_detached(Console& console) const {
    constexpr auto moment = std::chrono::milliseconds(300);
    if (is_gone() || record_.mode_before.empty() || is_mounted(record_.mountpoint) || wait_for_daemon(moment))
        return;
    console.note(fmt::format(
        "{} is not put in {} mode yet: it was detached from {}, and processes have files of it open "
        "or mapped; the next famfs mount or umount after their end does it",
        omf::printable(record_.device), record_.mode_before, omf::printable(record_.mountpoint)));
}

void RunDirectory::remove_stale(Console& console) {
    for (const auto& path : entries(base())) {
        RunDirectory directory(path);
        const auto record = json::read_mount_record(read_small_file(path + "/mount.yaml"));
        if (!record) continue;
        directory.record_ = *record;
        if (!directory.claim_abandoned()) {
            directory.note_detached(console);
            continue;
        }
        give_mode_back(console, record->device, record->mode_before, false);
        if (const auto removed = directory.remove(); !removed) continue;  // the next mount tries again
    }
}

Result<void> RunDirectory::write_record(const MountRecord& record) {
    record_ = record;
    const std::string name = path_ + "/mount.yaml";
    const FileDescriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return fail_errno(errno, omf::printable(name));
    const std::string text = json::write_mount_record(record);
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written == static_cast<ssize_t>(text.size())) return {};
    return fail_errno(written < 0 ? errno : ENOSPC, omf::printable(name));
}

bool RunDirectory::wait_for_daemon(std::chrono::milliseconds limit) const {
    return wait_until(limit, [this] { return unlocked(pid_path()); });
}

bool RunDirectory::lock(std::chrono::milliseconds limit) {
    lock_ = FileDescriptor(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!lock_) return errno == ENOENT;
    return wait_until(limit, [this] { return ::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0; });
}

bool RunDirectory::is_gone() const {
    return ::access(path_.c_str(), F_OK) != 0 && errno == ENOENT;
}

std::string RunDirectory::daemon_pid() const {
    const std::string text = read_small_file(pid_path());
    return text.substr(0, text.find_first_not_of("0123456789"));
}

Result<void> RunDirectory::remove() const {
    return remove_tree(path_);
}

}  // namespace famfs::cli
