#include "famfs-cli/mount/mounted_path.h"

#include "liblog/file_descriptor.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

namespace famfs::cli {
namespace {

Error no_famfs(const std::string& path) {
    return {ErrorKind::refused, EINVAL, fmt::format("{}: not in a famfs mount", omf::printable(path))};
}

Error system_error(int code, const std::string& path) {
    if (code == ENOTCONN) {
        return {ErrorKind::io, code,
                fmt::format("{}: the daemon of this mount is gone; famfs umount cleans up",
                            omf::printable(path))};
    }
    return fail_errno(code, omf::printable(path)).error();
}

// Something that exists: where it is, and in which mount, both of the same moment.
struct Place {
    std::string path;  // absolute, without symbolic links
    std::uint64_t mount = 0;
};

Result<Place> find_place(const std::string& path) {
    const FileDescriptor found(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!found) return std::unexpected(system_error(errno, path));
    auto absolute = path_of(found.get());
    if (!absolute) return std::unexpected(absolute.error());
    const auto mount = famfs::mount_id(found.get());
    if (!mount) return std::unexpected(mount.error());
    return Place{std::move(*absolute), *mount};
}

Result<std::string> attribute(const MountRoot& root, const Mount& mount, const char* name) {
    auto value = root.attribute(name);
    if (value) return value;
    const Error error = system_error(value.error().code, mount.mountpoint);
    return fail(error.kind, error.code, fmt::format("{} (reading {})", error.message, name));
}

// What a daemon that does not open the device cannot say is "".
Result<std::string> optional_attribute(const MountRoot& root, const Mount& mount, const char* name) {
    auto value = attribute(root, mount, name);
    return !value && value.error().code == ENODATA ? std::string() : value;
}

Result<pool::Served> ask_served(const MountRoot& root, const Mount& mount, std::string_view data_path) {
    const auto device = optional_attribute(root, mount, "user.famfs.device");
    if (!device) return std::unexpected(device.error());
    const auto file_system = optional_attribute(root, mount, "user.famfs.file_system");
    if (!file_system) return std::unexpected(file_system.error());
    if (device->empty() && (data_path == "copy" || data_path == "extfile"))
        return fail(
            ErrorKind::unsupported, ENODATA,
            fmt::format("{}: its daemon, of an earlier version, does not say which device it serves; famfs "
                        "umount and mount it again",
                        omf::printable(mount.mountpoint)));
    return pool::Served{*device, omf::parse_uuid(*file_system).value_or(omf::Uuid{}), mount.mountpoint};
}

std::string join(std::string_view directory, std::string_view name) {
    if (directory.empty()) return std::string(name);
    if (name.empty()) return std::string(directory);
    return fmt::format("{}/{}", directory, name);
}

// Splits off the last component; trailing slashes do not count. "a" -> {".", "a"}, "/" -> {"/", ""}.
std::pair<std::string, std::string> split_last(std::string path) {
    while (path.size() > 1 && path.ends_with('/'))
        path.pop_back();
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return {".", path};
    return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

// `path` is at or below `directory`: what follows it, without a leading slash.
std::optional<std::string> below(std::string_view path, std::string_view directory) {
    while (directory.ends_with('/'))
        directory.remove_suffix(1);
    if (!path.starts_with(directory)) return std::nullopt;
    path.remove_prefix(directory.size());
    if (path.empty()) return std::string();
    if (!path.starts_with('/')) return std::nullopt;
    path.remove_prefix(path.find_first_not_of('/') == std::string_view::npos ? path.size() : 1);
    return std::string(path);
}

// DIR/root plus the mount's own root is what the daemon says; DIR is what we want.
std::optional<std::string> shadow_directory(std::string_view shown, std::string_view mount_root) {
    std::string tail = "/root";
    if (mount_root != "/") tail += mount_root;
    if (!shown.starts_with('/') || !shown.ends_with(tail) || shown.size() == tail.size()) return std::nullopt;
    return std::string(shown.substr(0, shown.size() - tail.size()));
}

}  // namespace

Result<void> MountedPool::check_writable() const {
    if (!mount.read_only) return {};
    return fail(ErrorKind::refused, EROFS,
                fmt::format("{}: mounted read-only", omf::printable(mount.mountpoint)));
}

Result<void> MountedPool::check_inside(int descriptor, const std::string& path) const {
    const auto id = famfs::mount_id(descriptor);
    if (!id) return std::unexpected(id.error());
    if (*id == mount.id) return {};
    return fail(
        ErrorKind::refused, ESTALE,
        fmt::format("{}: not in {} any more", omf::printable(path), omf::printable(mount.mountpoint)));
}

Result<MountedPool> ask_mount(const Mount& mount) {
    if (!mount.famfs()) return std::unexpected(no_famfs(mount.mountpoint));
    if (const auto trusted = check_trusted(mount); !trusted) return std::unexpected(trusted.error());
    const auto root = MountRoot::open(mount);
    if (!root) return std::unexpected(root.error());
    const auto shown = attribute(*root, mount, "user.famfs.shadow");
    if (!shown) return std::unexpected(shown.error());
    const auto data_path = attribute(*root, mount, "user.famfs.data_path");
    if (!data_path) return std::unexpected(data_path.error());
    auto served = ask_served(*root, mount, *data_path);
    if (!served) return std::unexpected(served.error());
    const auto shadow = shadow_directory(*shown, mount.root);
    if (!shadow) {
        return fail(ErrorKind::corrupt, EUCLEAN,
                    fmt::format("{}: {} is no shadow tree's root", omf::printable(mount.mountpoint),
                                omf::printable(*shown)));
    }
    MountedPool pool{mount, mount.source, *shadow, *data_path, std::move(*served)};
    pool.gone = omf::printable(root->attribute("user.famfs.pool_gone").value_or(""));
    return pool;
}

Result<PathResolver> PathResolver::make() {
    auto mounts = read_mounts();
    if (!mounts) return std::unexpected(mounts.error());
    return PathResolver(std::move(*mounts));
}

Result<std::shared_ptr<const MountedPool>> PathResolver::pool(const Mount& mount) {
    if (const auto known = pools_.find(mount.id); known != pools_.end()) return known->second;
    auto asked = ask_mount(mount);
    if (!asked) return std::unexpected(asked.error());
    auto shared = std::make_shared<const MountedPool>(std::move(*asked));
    pools_.emplace(mount.id, shared);
    return shared;
}

std::optional<PathResolver::InMount> PathResolver::find_in_mount(std::uint64_t id,
                                                                 const std::string& absolute) const {
    const auto mount = std::ranges::find(mounts_, id, &Mount::id);
    if (mount == mounts_.end() || !mount->famfs()) return std::nullopt;
    const auto rest = below(absolute, mount->mountpoint);
    if (!rest) return std::nullopt;
    return InMount{&*mount, join(mount->root.substr(1), *rest)};
}

// Where something that exists lies.
Result<MountedPath> PathResolver::locate(const std::string& path) {
    const auto place = find_place(path);
    if (!place) return std::unexpected(place.error());
    auto found = find_in_mount(place->mount, place->path);
    if (!found) return std::unexpected(no_famfs(path));
    auto mounted = pool(*found->first);
    if (!mounted) return std::unexpected(mounted.error());
    return MountedPath{std::move(*mounted), std::move(found->second)};
}

std::optional<FamfsPlace> PathResolver::place_of(int file) const {
    const auto id = famfs::mount_id(file);
    if (!id) return std::nullopt;
    const auto absolute = path_of(file);
    if (!absolute) return std::nullopt;
    auto found = find_in_mount(*id, *absolute);
    if (!found) return std::nullopt;
    return FamfsPlace{found->first->source, std::move(found->second)};
}

// Where a directory lies or would lie.
Result<MountedPath> PathResolver::directory(const std::string& path) {
    if (const auto known = directories_.find(path); known != directories_.end()) return known->second;
    auto found = locate(path);
    if (!found && found.error().code == ENOENT) {
        const auto [parent, name] = split_last(path);
        if (name.empty() || name == "." || name == "..") return found;
        found = directory(parent);
        if (found) found->path = join(found->path, name);
    }
    if (found) directories_.emplace(path, *found);
    return found;
}

Result<MountedPath> PathResolver::resolve(const std::string& path) {
    if (path.empty()) return fail(ErrorKind::usage, ENOENT, "an empty path names nothing");
    const auto [parent, name] = split_last(path);
    if (name.empty() || name == "." || name == "..") return locate(path);
    auto found = directory(parent);
    if (!found) {
        // The path itself may be a mount point, whose parent lies elsewhere.
        if (auto itself = locate(path)) return itself;
        return found.error().code == EINVAL ? std::unexpected(no_famfs(path)) : found;
    }
    found->path = join(found->path, name);
    return found;
}

Result<MountedPath> PathResolver::resolve_existing(const std::string& path) {
    if (path.empty()) return fail(ErrorKind::usage, ENOENT, "an empty path names nothing");
    auto found = locate(path);
    if (!found && found.error().code == ENOENT) return resolve(path);
    return found;
}

Result<std::vector<MountedPath>> resolve_all(const std::vector<std::string>& paths) {
    auto resolver = PathResolver::make();
    if (!resolver) return std::unexpected(resolver.error());
    std::vector<MountedPath> resolved;
    resolved.reserve(paths.size());
    for (const auto& path : paths) {
        auto found = resolver->resolve(path);
        if (!found) return std::unexpected(found.error());
        if (!resolved.empty() && found->pool != resolved.front().pool) {
            return fail(ErrorKind::usage, EXDEV,
                        fmt::format("{}: not in the same mount as {}; name the files of one mount at a time",
                                    omf::printable(path), omf::printable(paths.front())));
        }
        resolved.push_back(std::move(*found));
    }
    return resolved;
}

}  // namespace famfs::cli
