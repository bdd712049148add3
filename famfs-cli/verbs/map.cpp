// famfs map: where files lie in memory, as the daemon of their mount knows it.
#include "famfs-cli/mount/mounted_path.h"
#include "famfs-cli/ui/size.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/json.h"
#include "famfs-cli/verbs/verb.h"
#include "liblog/file_descriptor.h"
#include "liblog/index/inode.h"
#include "omf/path.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <system_error>

namespace famfs::cli {
namespace {

// Not opened: a file whose document is broken cannot be.
Result<FileMap> read_map(const std::string& path, const MountedPool& pool) {
    struct stat status{};
    const FileDescriptor file(::open(path.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
    if (!file || ::fstat(file.get(), &status) != 0) return fail_errno(errno, omf::printable(path));
    if (const auto inside = pool.check_inside(file.get(), path); !inside)
        return std::unexpected(inside.error());
    if (S_ISDIR(status.st_mode)) return fail_errno(EISDIR, omf::printable(path));
    const auto value = attribute_of(file.get(), "user.famfs.extents");
    if (!value) return fail_errno(value.error().code, fmt::format("{}: no extents", omf::printable(path)));
    auto map = read_extents(*value);
    if (!map) return map;
    map->path = path;
    if (status.st_ino < index::end_of_entry_inodes) map->id = status.st_ino;
    map->size = static_cast<std::uint64_t>(status.st_size);
    return map;
}

// What of a simple extent holds the file's bytes starts where the one before it ends.
void show(Console& console, const FileMap& map) {
    const std::string layout =
        map.chunk_size == 0 ? counted(map.extents.size(), "extent", "extents")
                            : fmt::format("{}, chunks of {}", counted(map.extents.size(), "strip", "strips"),
                                          readable_size(map.chunk_size));
    console.print("{}: {} bytes, {}\n", omf::printable(map.path), map.size, layout);
    std::uint64_t file_offset = 0;
    for (std::size_t i = 0; i < map.extents.size(); ++i) {
        const MappedExtent& part = map.extents[i];
        const std::string first =
            map.chunk_size == 0 ? fmt::format("file {:#x}", file_offset) : fmt::format("strip {}", i);
        console.print("  {:<18} device {} offset {:#x} length {:#x}\n", first, omf::printable(part.device),
                      part.offset, part.length);
        file_offset += part.length;
    }
}

}  // namespace

int run_map(Console& console, Arguments arguments) {
    std::vector<std::string> paths;
    CommandLine line(console, "map");
    line.add_subjects("PATH…", paths, "Files in a mount");
    line.add_json();
    if (const auto status = line.parse(arguments)) return *status;
    auto resolver = PathResolver::make();
    if (!resolver) return console.fail(resolver.error());
    std::vector<FileMap> maps;
    bool all = true;
    for (const auto& path : paths) {
        const auto target = resolver->resolve(path);
        if (!target) return console.fail(target.error());
        auto map = read_map(path, *target->pool);
        if (!map) {
            console.error("map: " + map.error().message);
            all = false;
            continue;
        }
        if (!console.json) show(console, *map);
        if (console.json) maps.push_back(std::move(*map));
    }
    if (console.json) console.write(json::map(maps));
    return all ? exit_done : exit_findings;
}

}  // namespace famfs::cli
