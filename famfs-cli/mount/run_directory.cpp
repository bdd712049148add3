#include "famfs-cli/mount/run_directory.h"

#include "liblog/file_io.h"
#include "liblog/parse_number.h"
#include "liblog/private_directory.h"
#include "liblog/remove_tree.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

namespace famfs::cli {
namespace {

constexpr std::size_t max_record = 256 * 1024;  // bytes: three paths of PATH_MAX, each byte escaped as \u00XX
constexpr std::size_t max_pid = 32;
constexpr std::size_t max_identity = 256;

// Mounts run in it with the caller's rights, so it must be the caller's alone. Nothing in it is looked at
// before.
Result<void> check_base(const std::string& base) {
    struct stat status{};
    if (::lstat(base.c_str(), &status) != 0) return fail_errno(errno, omf::printable(base));
    if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 022) != 0)
        return fail(ErrorKind::refused, EPERM,
                    fmt::format("{}: not a directory that only user {} can write; remove it, or set "
                                "XDG_RUNTIME_DIR",
                                omf::printable(base), ::geteuid()));
    const auto resolved = resolve_directory(base);
    return resolved ? check_private(*resolved) : std::unexpected(resolved.error());
}

Result<void> make_base(const std::string& base) {
    if (::mkdir(base.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(errno, omf::printable(base));
    return check_base(base);
}

// The mounts' directories; none if the base is not ours alone, where nothing of ours can be.
std::vector<std::string> entries(const std::string& base) {
    std::vector<std::string> found;
    if (!check_base(base)) return found;
    std::error_code code;
    for (std::filesystem::directory_iterator at(base, code), end; !code && at != end; at.increment(code)) {
        if (at->path().filename().string().starts_with("mount-")) found.push_back(at->path().string());
    }
    return found;
}

std::optional<MountRecord> read_record(const std::string& path) {
    const auto text = read_file(AT_FDCWD, path + "/mount.yaml", max_record, Owner::trusted);
    return text ? read_mount_record(*text) : std::nullopt;
}

// Nobody holds a lock on this file (or there is no file). Another kind of thing that lies there is no file of
// a daemon's.
bool unlocked(const std::string& path) {
    const FileDescriptor file(
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
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

std::vector<RunDirectory> RunDirectory::all() {
    std::vector<RunDirectory> found;
    for (const auto& path : entries(base())) {
        const auto record = read_record(path);
        if (!record) continue;
        found.push_back(RunDirectory(path));
        found.back().record_ = *record;
    }
    return found;
}

bool RunDirectory::has_daemon() const {
    return !unlocked(pid_path());
}

RunDirectory::Match RunDirectory::match(const std::string& mountpoint, const Mount* mount) const {
    const auto known = identity();
    if (mount == nullptr || !known) return record_.mountpoint == mountpoint ? Match::place : Match::none;
    if (known->device != mount->device) return Match::none;
    if (agree(*known, identify(*mount))) return has_daemon() ? Match::mount : Match::dead_mount;
    return has_daemon() && !is_mounted() ? Match::file_system : Match::none;
}

std::optional<RunDirectory> RunDirectory::find(const std::string& mountpoint, const Mount* mount) {
    std::optional<RunDirectory> best;
    Match best_match = Match::none;
    for (RunDirectory& directory : all()) {
        const Match match = directory.match(mountpoint, mount);
        if (match <= best_match) continue;
        best_match = match;
        best.emplace(std::move(directory));
    }
    return best;
}

bool RunDirectory::is_mounted() const {
    const auto mounts = read_mounts();
    if (!mounts) return true;
    if (const auto known = identity()) return find_mount(*mounts, *known) != nullptr;
    const Mount* const mount = find_mount(*mounts, record_.mountpoint);
    return mount != nullptr && mount->famfs();
}

bool RunDirectory::claim_abandoned() {
    return lock(std::chrono::milliseconds(0)) && !is_gone() && !has_daemon() && !is_mounted();
}

Result<void> RunDirectory::write_identity(const MountIdentity& identity) const {
    const FileDescriptor directory(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) return fail_errno(errno, omf::printable(path_));
    return replace_file(directory.get(), ".identity.new", "identity", to_string(identity), 0600);
}

std::optional<MountIdentity> RunDirectory::identity() const {
    const auto text = read_file(AT_FDCWD, path_ + "/identity", max_identity, Owner::trusted);
    return text ? parse_mount_identity(*text) : std::nullopt;
}

Result<void> RunDirectory::write_record(const MountRecord& record) {
    record_ = record;
    const std::string name = path_ + "/mount.yaml";
    return replace_file(AT_FDCWD, name + ".new", name, write_mount_record(record), 0600);
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

pid_t RunDirectory::daemon_pid() const {
    const std::string text = read_file(AT_FDCWD, pid_path(), max_pid, Owner::trusted).value_or("");
    return parse_number<pid_t>(text.substr(0, text.find_first_not_of("0123456789"))).value_or(0);
}

Result<void> RunDirectory::remove() const {
    return remove_tree(path_);
}

}  // namespace famfs::cli
