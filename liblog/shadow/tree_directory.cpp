#include "liblog/shadow/tree_directory.h"

#include "liblog/directory_stream.h"
#include "liblog/file_io.h"
#include "liblog/lock_wait.h"
#include "liblog/private_directory.h"
#include "liblog/process_start.h"
#include "liblog/remove_tree.h"
#include "liblog/shadow/devices.h"
#include "liblog/shadow/ids.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <system_error>

namespace famfs::shadow {
namespace {

constexpr mode_t side_file_mode = 0644;
constexpr const char* root_name = "root";
constexpr const char* aside_name = ".staged";  // where things are made before they are renamed into root

std::string temporary_name(std::string_view name) {
    return fmt::format(".{}.new", name);
}

Result<FileDescriptor> make_directory(int parent, const std::string& name, mode_t mode,
                                      const std::string& shown) {
    if (::mkdirat(parent, name.c_str(), mode) != 0 && errno != EEXIST)
        return fail_errno(errno, omf::printable(shown));
    auto opened = open_directory(parent, name);
    if (!opened) return fail_errno(opened.error().code, omf::printable(shown));
    return opened;
}

std::optional<State> read_mark(int top) {
    const auto text = read_file(top, state_name, max_side_file);
    const auto state = text ? read_state(*text) : std::unexpected(text.error());
    return state ? std::optional(*state) : std::nullopt;
}

// The pool that devices.yaml names.
std::optional<omf::Uuid> read_devices_mark(int top) {
    const auto text = read_file(top, devices_name, max_side_file);
    const auto table = text ? read_devices(*text) : std::unexpected(text.error());
    return table ? std::optional(table->file_system) : std::nullopt;
}

// Whether there is nothing in it but a mark that was being written.
Result<bool> is_empty(int top, const std::string& shown) {
    FileDescriptor again(::openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const DirectoryStream stream = again ? open_stream(std::move(again)) : DirectoryStream();
    if (!stream) return fail_errno(errno, omf::printable(shown));
    while (const dirent* const entry = ::readdir(stream.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != ".." && name != temporary_name(state_name)) return false;
    }
    return true;
}

std::unexpected<Error> another_pools(const std::string& path, const omf::Uuid& found, const omf::Uuid& pool) {
    return fail(ErrorKind::refused, EEXIST,
                fmt::format("{} is the shadow tree of another pool, {}, not of {}; name another directory or "
                            "remove it",
                            omf::printable(path), to_string(found), to_string(pool)));
}

// A mistyped --shadow must not fill somebody's home, and a directory that happens to have a `root` is none of
// ours.
std::unexpected<Error> no_tree(const std::string& path) {
    return fail(
        ErrorKind::refused, ENOTEMPTY,
        fmt::format("{} is not empty and holds no shadow tree that famfs made (neither state.yaml nor "
                    "devices.yaml says so); name a directory that is empty or not there yet",
                    omf::printable(path)));
}

enum class Found { empty, ours, remains };

// What lies in the directory: a tree of this pool, nothing, or what an interrupted replay of another one
// left.
Result<Found> look(int top, const std::string& path, const omf::Uuid& pool) {
    const auto state = read_mark(top);
    const auto owner = state ? std::optional(state->file_system) : read_devices_mark(top);
    if (owner == pool) return Found::ours;
    if (state && !state->unfinished()) return another_pools(path, *owner, pool);
    if (owner) return Found::remains;
    const auto empty = is_empty(top, path);
    if (!empty) return std::unexpected(empty.error());
    if (*empty) return Found::empty;
    return no_tree(path);
}

// The directory itself, made where it is missing. What root writes there another user must not be able to
// exchange: the daemon that serves the tree believes its documents.
Result<FileDescriptor> open_top(const std::string& path) {
    if (::geteuid() == 0)
        if (auto checked = check_private(path); !checked)
            return fail(checked.error().kind, checked.error().code,
                        fmt::format("shadow tree {}: {}; name a directory of root's", omf::printable(path),
                                    checked.error().message));
    std::error_code code;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), code);
    if (code) return fail_errno(code.value(), omf::printable(path));
    // As the caller's umask says, since the caller named it, but its owner can make the tree in it.
    return make_directory(AT_FDCWD, path, (0777 & ~caller_umask()) | 0700, path);
}

}  // namespace

Result<FileDescriptor> open_directory(int parent, const std::string& name) {
    FileDescriptor directory(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) return fail_errno(errno, omf::printable(name));
    return directory;
}

Result<void> update_side_file(int top, const char* name, std::string_view content) {
    if (const auto found = read_file(top, name, max_side_file); found && *found == content) {
        struct stat status{};
        if (::fstatat(top, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            (status.st_mode & 07777) == side_file_mode)
            return {};
    }
    const auto durability = std::string_view(name) == state_name ? Durability::synced : Durability::none;
    return replace_file(top, temporary_name(name), name, content, side_file_mode, durability);
}

Result<void> mark_unfinished(int top, const omf::Uuid& pool, Form form) {
    State state;
    state.file_system = pool;
    state.boot = current_boot();
    state.form = form;
    state.entries = unfinished_entries;
    return update_side_file(top, state_name, write_state(state));
}

// What they hold goes; the directories stay, since a daemon may have them open.
Result<void> start_over(const TreeDirectory& tree, const omf::Uuid& pool, Form form) {
    if (auto marked = mark_unfinished(tree.top.get(), pool, form); !marked) return marked;
    if (::unlinkat(tree.top.get(), ids_name, 0) != 0 && errno != ENOENT) return fail_errno(errno, ids_name);
    if (auto emptied = remove_below(tree.aside.get(), tree.path + "/" + aside_name); !emptied) return emptied;
    if (auto emptied = remove_below(tree.root.get(), tree.path + "/" + root_name); !emptied) return emptied;
    auto meta = make_directory(tree.root.get(), ".meta", 0755, tree.path + "/root/.meta");
    return meta ? Result<void>() : std::unexpected(meta.error());
}

Result<TreeDirectory> take_up(const std::string& directory, const omf::Uuid& pool, Form form) {
    const auto path = resolve_directory(directory);
    if (!path) return std::unexpected(path.error());
    auto top = open_top(*path);
    if (!top) return std::unexpected(top.error());
    if (auto locked = wait_for_flock(top->get(), LOCK_EX, omf::printable(*path)); !locked)
        return std::unexpected(locked.error());
    // Under the lock: another logplay may be making the tree right now.
    const auto found = look(top->get(), *path, pool);
    if (!found) return std::unexpected(found.error());
    // The mark comes first, so that whatever is there later can be told to be ours.
    if (*found == Found::empty)
        if (auto marked = mark_unfinished(top->get(), pool, form); !marked)
            return std::unexpected(marked.error());
    auto root = make_directory(top->get(), root_name, 0755, *path + "/root");
    if (!root) return std::unexpected(root.error());
    auto aside = make_directory(top->get(), aside_name, 0700, *path + "/" + aside_name);
    if (!aside) return std::unexpected(aside.error());
    auto meta = make_directory(root->get(), ".meta", 0755, *path + "/root/.meta");
    if (!meta) return std::unexpected(meta.error());
    TreeDirectory tree{*path, std::move(*top), std::move(*root), std::move(*aside)};
    if (*found == Found::remains)
        if (auto emptied = start_over(tree, pool, form); !emptied) return std::unexpected(emptied.error());
    return tree;
}

}  // namespace famfs::shadow
