#include "famfs-cli/mount/pool_writing.h"

#include "famfs-cli/mount/open_pool.h"
#include "famfs-cli/mount/shadow_form.h"
#include "omf/path.h"

namespace famfs::cli {

Result<std::unique_ptr<shadow::PoolWriter>> open_writer(Console& console, const MountedPool& pool,
                                                        FindingReporter& reporter) {
    if (const auto writable = pool.check_writable(); !writable) return std::unexpected(writable.error());
    const auto waiting = [&] {
        console.note(fmt::format("{}: waiting for another writer to finish", omf::printable(pool.device)));
    };
    auto writer = shadow::PoolWriter::open({pool.device, pool.shadow, shadow_form(pool.shadow), pool.served},
                                           {reporter.hooks(), waiting});
    if (writer) return writer;
    const auto still_there = open_pool(pool.device, pool);
    return std::unexpected(still_there ? writer.error() : still_there.error());
}

bool concerns_one_path(const Error& error) {
    return error.kind == ErrorKind::usage || error.code == EEXIST || error.code == ENOENT ||
           error.code == ENOTDIR;
}

std::string path_message(std::string_view verb, const std::string& path, std::string_view reason,
                         const std::string& in_pool) {
    const std::string said = omf::printable(in_pool) + ": ";
    if (!in_pool.empty() && reason.starts_with(said)) reason.remove_prefix(said.size());
    return fmt::format("{}: {}: {}", verb, omf::printable(path), reason);
}

}  // namespace famfs::cli
