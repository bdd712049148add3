#include "famfs-cli/mount/kernel_support.h"

#include "famfs-cli/mount/process.h"

#include <fmt/format.h>
#include <unistd.h>

namespace famfs::cli {
namespace {

// `sign` exists if the module is there.
Result<void> load_module(const char* module, const char* sign) {
    if (::access(sign, F_OK) == 0) return {};
    const auto loaded = run_for_output({"/sbin/modprobe", module});
    if (::access(sign, F_OK) == 0) return {};
    return fail(ErrorKind::refused, ENOENT,
                fmt::format("the kernel module {} cannot be loaded{}{}", module, loaded ? "" : ": ",
                            loaded ? "" : loaded.error().message));
}

}  // namespace

Result<records::Capabilities> ask_capabilities() {
    const auto text = run_for_output({find_program("famfs-fused"), "--offers"});
    if (!text) return std::unexpected(text.error());
    auto read = records::read_capabilities(*text);
    if (read) return read;
    return fail(ErrorKind::unsupported, ENOTSUP, "famfs-fused --offers: " + read.error().message);
}

bool kernel_takes_maps() {
    const auto kernel = ask_capabilities();
    return kernel && kernel->maps.available();
}

Result<void> load_fsdev_driver() {
    return load_module("fsdev_dax", "/sys/bus/dax/drivers/fsdev_dax");
}

Result<void> load_extent_module() {
    return load_module("famfs_dax", "/dev/famfs_dax");
}

}  // namespace famfs::cli
