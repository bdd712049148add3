#include "famfs-fused/mount/user_unmount.h"

#include "liblog/user_unmount.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace famfs::fused {

namespace {

// Starts it with stderr closed to the world; returns its process id.
Result<pid_t> start_quietly(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = -1;
    const int code = ::posix_spawnp(&child, arguments.front(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (code != 0) return fail_errno(code, words.front());
    return child;
}

}  // namespace

Result<void> unmount_as_user(const std::string& mountpoint) {
    const auto command = user_unmount_command(mountpoint, true);
    const auto child = start_quietly(command);
    if (!child) return std::unexpected(child.error());
    int status = 0;
    while (::waitpid(*child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return fail(ErrorKind::io, EPERM,
                fmt::format("{}: {} cannot unmount it{}", omf::printable(mountpoint), command.front(),
                            user_unmount_hint(mountpoint)));
}

}  // namespace famfs::fused
