// famfs flush: writes back and drops the CPU caches of files, through their mount.
#include "famfs-cli/mount/mounted_path.h"
#include "famfs-cli/mount/pool_writing.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/verb.h"
#include "liblog/device/cache_lines.h"
#include "liblog/device/guarded_access.h"
#include "liblog/file_descriptor.h"
#include "omf/path.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace famfs::cli {
namespace {

// Writes back and drops the cache lines of a file that the kernel maps by itself: nobody else does.
Result<void> flush_mapped(int file, std::uint64_t size, const std::string& path) {
    if (size == 0) return {};
    void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) return fail_errno(errno, omf::printable(path));
    device::catch_lost_memory();
    const bool done = device::guard_sigbus(
        [&] { device::invalidate_lines(std::span(static_cast<const std::byte*>(mapped), size)); });
    ::munmap(mapped, size);
    return done ? Result<void>() : fail_errno(EIO, omf::printable(path) + ": its memory does not answer");
}

Result<void> flush(const std::string& path, const MountedPool& pool) {
    struct stat status{};
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file || ::fstat(file.get(), &status) != 0) return fail_errno(errno, omf::printable(path));
    if (auto inside = pool.check_inside(file.get(), path); !inside) return inside;
    if (!S_ISREG(status.st_mode)) return fail_errno(EISDIR, omf::printable(path));
    if (pool.data_path == "iomap")
        return flush_mapped(file.get(), static_cast<std::uint64_t>(status.st_size), path);
    // Pages that the kernel keeps may be older than what another host wrote: they go too.
    if (::fsync(file.get()) != 0) return fail_errno(errno, omf::printable(path));
    const int code = ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
    if (code != 0) return fail_errno(code, omf::printable(path));
    return {};
}

}  // namespace

int run_flush(Console& console, Arguments arguments) {
    std::vector<std::string> paths;
    CommandLine line(console, "flush");
    line.add_subjects("PATH…", paths, "Files in a mount");
    if (const auto status = line.parse(arguments)) return *status;
    auto resolver = PathResolver::make();
    if (!resolver) return console.fail(resolver.error());
    bool all = true;
    for (const auto& path : paths) {
        const auto target = resolver->resolve(path);
        if (!target) return console.fail(target.error());
        const auto flushed = flush(path, *target->pool);
        if (flushed) continue;
        console.error("flush: " + flushed.error().message);
        all = false;
    }
    return all ? exit_done : exit_findings;
}

}  // namespace famfs::cli
