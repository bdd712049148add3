// A mount made with famfs-fused, used as programs use one.
#include "liblog/file_descriptor.h"
#include "tests/conformance/driver.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

namespace famfs::conformance {

namespace {

// Of this thread alone: libc would change all of them.
class Identity {
  public:
    explicit Identity(const Caller& caller) {
        ::syscall(SYS_setgroups, caller.groups.size(), caller.groups.data());
        ::syscall(SYS_setresgid, -1, caller.gid, -1);
        ::syscall(SYS_setresuid, -1, caller.uid, -1);
    }
    ~Identity() {
        ::syscall(SYS_setresuid, -1, 0, -1);
        ::syscall(SYS_setresgid, -1, 0, -1);
        ::syscall(SYS_setgroups, 0, nullptr);
    }
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;
};

template <typename T>
Outcome<T> result_of(std::int64_t returned, T value) {
    if (returned < 0) return std::unexpected(errno);
    return value;
}

Outcome<void> done(std::int64_t returned) {
    if (returned < 0) return std::unexpected(errno);
    return {};
}

class MountDriver final : public Driver {
  public:
    MountDriver(std::string mountpoint, pid_t daemon) : top_(std::move(mountpoint)), daemon_(daemon) {}
    ~MountDriver() override {
        ::umount2(top_.c_str(), MNT_DETACH);
        ::kill(daemon_, SIGTERM);
        ::waitpid(daemon_, nullptr, 0);
    }

    void become(const Caller& caller) override { caller_ = caller; }

    Outcome<struct stat> attributes(const std::string& path) override {
        const Identity identity(caller_);
        struct stat status{};
        const int returned = ::lstat(at(path).c_str(), &status);
        return result_of(returned, status);
    }
    Outcome<std::string> extended_attribute(const std::string& path, const std::string& name) override {
        const Identity identity(caller_);
        std::array<char, 4096> value{};
        const ssize_t got = ::getxattr(at(path).c_str(), name.c_str(), value.data(), value.size());
        return result_of(got, std::string(value.data(), got > 0 ? static_cast<std::size_t>(got) : 0));
    }
    Outcome<std::vector<Entry>> list(const std::string& path) override {
        const Identity identity(caller_);
        const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(at(path).c_str()), ::closedir);
        if (!directory) return std::unexpected(errno);
        std::vector<Entry> entries;
        while (const dirent* const entry = ::readdir(directory.get()))
            entries.push_back({entry->d_name, entry->d_ino});
        return entries;
    }
    Outcome<struct statvfs> statfs() override {
        struct statvfs figures{};
        const int returned = ::statvfs(top_.c_str(), &figures);
        return result_of(returned, figures);
    }

    Outcome<void> open(const std::string& path, int flags) override {
        const auto file = opened(path, flags);
        if (!file) return std::unexpected(file.error());
        return {};
    }
    Outcome<std::string> read(const std::string& path, int flags, std::uint64_t offset,
                              std::size_t length) override {
        const auto file = opened(path, flags);
        if (!file) return std::unexpected(file.error());
        std::string bytes(length, '\0');
        const ssize_t got = ::pread(file->get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (got < 0) return std::unexpected(errno);
        bytes.resize(static_cast<std::size_t>(got));
        return bytes;
    }
    Outcome<std::size_t> write(const std::string& path, int flags, std::uint64_t offset,
                               const std::string& bytes) override {
        const auto file = opened(path, flags);
        if (!file) return std::unexpected(file.error());
        const ssize_t put = ::pwrite(file->get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        return result_of(put, static_cast<std::size_t>(put));
    }
    Outcome<std::uint64_t> seek(const std::string& path, std::uint64_t offset, int whence) override {
        const auto file = opened(path, 0);
        if (!file) return std::unexpected(file.error());
        const off_t found = ::lseek(file->get(), static_cast<off_t>(offset), whence);
        return result_of(found, static_cast<std::uint64_t>(found));
    }
    Outcome<void> sync(const std::string& path) override {
        const auto file = opened(path, 0);
        if (!file) return std::unexpected(file.error());
        return done(::fsync(file->get()));
    }

    Outcome<void> truncate(const std::string& path, std::uint64_t size) override {
        const Identity identity(caller_);
        return done(::truncate(at(path).c_str(), static_cast<off_t>(size)));
    }
    Outcome<void> change_mode(const std::string& path, mode_t mode) override {
        const Identity identity(caller_);
        return done(::chmod(at(path).c_str(), mode));
    }
    Outcome<void> make_directory(const std::string& path) override {
        const Identity identity(caller_);
        return done(::mkdir(at(path).c_str(), 0755));
    }
    Outcome<void> remove(const std::string& path) override {
        const Identity identity(caller_);
        return done(::unlink(at(path).c_str()));
    }

  private:
    std::string at(const std::string& path) const { return path.empty() ? top_ : top_ + "/" + path; }

    Outcome<FileDescriptor> opened(const std::string& path, int flags) const {
        const Identity identity(caller_);
        FileDescriptor file(::open(at(path).c_str(), flags | O_CLOEXEC));
        if (!file) return std::unexpected(errno);
        return file;
    }

    std::string top_;
    pid_t daemon_;
    Caller caller_;
};

dev_t device_of(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_dev : 0;
}

// Whether it is mounted before the time is up or the daemon has given up.
bool wait_for_mount(const std::string& mountpoint, dev_t before, pid_t daemon) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < end && ::waitpid(daemon, nullptr, WNOHANG) == 0) {
        if (device_of(mountpoint) != before) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

}  // namespace

Made make_mount_driver(const std::string& directory, bool read_only) {
    if (::geteuid() != 0) return {nullptr, "only root can mount and become other users"};
    if (::access("/dev/fuse", R_OK | W_OK) != 0) return {nullptr, "there is no /dev/fuse"};
    const std::string mountpoint = directory + "/../mnt";
    std::filesystem::create_directories(mountpoint);
    const dev_t before = device_of(mountpoint);
    std::vector<std::string> words{FAMFS_FUSED, "--foreground", "--shadow", directory, mountpoint};
    if (read_only) words.insert(words.begin() + 1, "--read-only");
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t daemon = 0;
    if (::posix_spawn(&daemon, FAMFS_FUSED, nullptr, nullptr, arguments.data(), environ) != 0)
        return {nullptr, "famfs-fused cannot be started"};
    if (wait_for_mount(mountpoint, before, daemon))
        return {std::make_unique<MountDriver>(mountpoint, daemon), ""};
    ::kill(daemon, SIGTERM);
    return {nullptr, "famfs-fused did not mount"};
}

}  // namespace famfs::conformance
