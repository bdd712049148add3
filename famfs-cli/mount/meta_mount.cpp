#include "famfs-cli/mount/meta_mount.h"

#include "famfs-cli/mount/dax_node.h"
#include "famfs-cli/mount/kernel_support.h"
#include "famfs-cli/mount/process.h"
#include "liblog/device/mount_memory.h"
#include "liblog/pool/pool.h"
#include "liblog/records/failure.h"
#include "liblog/shadow/tree.h"
#include "omf/constants.h"
#include "omf/path.h"

#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <chrono>
#include <utility>

namespace famfs::cli {
namespace {

constexpr auto daemon_limit = std::chrono::seconds(30);

std::string mountpoint_of(const RunDirectory& run) {
    return run.path() + "/mnt";
}

// Its superblock and its log, of which only the place is known before the superblock is read.
Result<void> write_tree(const std::string& shadow, const std::string& path, std::uint64_t size,
                        std::uint64_t log_length) {
    auto tree = shadow::Tree::open(shadow, shadow::Form::uuid, {});
    if (!tree) return std::unexpected(tree.error());
    shadow::DeviceTable table;
    table.add({{}, size, path});
    tree->set_devices(std::move(table));
    shadow::State state;
    state.device_bytes = size;
    return tree->finish(state, log_length, false);
}

// Returns when the mount answers.
Result<void> run_daemon(const std::vector<std::string>& command) {
    const auto errors = ErrorCapture::make();
    const auto status = ErrorCapture::make();
    if (!errors || !status) return std::unexpected((errors ? status : errors).error());
    auto daemon = Process::start(command, errors->descriptor(), std::nullopt, status->descriptor());
    if (!daemon) return std::unexpected(daemon.error());
    const auto ended = daemon->wait();
    if (!ended) return std::unexpected(ended.error());
    if (ended->status == 0) return {};
    if (auto failure = records::read_failure(status->text())) return std::unexpected(std::move(*failure));
    return fail(ErrorKind::unsupported, ENOTSUP,
                fmt::format("famfs-fused ended with status {}", ended->status));
}

Result<device::DaxDevice> find_device(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return fail_errno(errno, omf::printable(path));
    return device::find_dax_device(path, status.st_rdev);
}

}  // namespace

bool needs_meta_mount(const std::string& path) {
    if (!is_in_fsdev_mode(path) || device::mount_that_holds(path) || load_extent_module()) return false;
    return kernel_takes_maps();
}

bool is_held_by_kernel(const std::string& path) {
    if (!is_in_fsdev_mode(path) || !kernel_takes_maps()) return false;
    const auto meta = MetaMount::make(path);
    return !meta && meta.error().code == EBUSY;
}

Result<MetaMount> MetaMount::make(const std::string& path) {
    auto run = RunDirectory::create();
    if (!run) return std::unexpected(run.error());
    MetaMount meta(std::move(*run));
    if (auto served = meta.serve(path); !served) {
        static_cast<void>(meta.end());
        return std::unexpected(served.error());
    }
    if (auto shown = meta.show_log(path); !shown) return std::unexpected(shown.error());
    return meta;
}

Result<void> MetaMount::serve(const std::string& path) {
    const auto device = find_device(path);
    if (!device) return std::unexpected(device.error());
    const std::string mountpoint = mountpoint_of(*run_);
    if (::mkdir(mountpoint.c_str(), 0700) != 0) return fail_errno(errno, omf::printable(mountpoint));
    const std::string shadow = run_->shadow_path();
    if (auto written = run_->write_record({mountpoint, path, shadow, true, ""}); !written) return written;
    if (auto written = write_tree(shadow, path, device->size, omf::minimum_log_length); !written)
        return written;
    return run_daemon({find_program("famfs-fused"), "--shadow", shadow, "--device", path, "--data-path",
                       "iomap", "--pid-file", run_->pid_path(), "--status-fd",
                       fmt::to_string(Process::status_number), "--", mountpoint});
}

Result<void> MetaMount::show_log(const std::string& path) {
    const auto memory = device::open_memory(path, device::Access::read_only);
    if (!memory) return std::unexpected(memory.error());
    const auto superblock = pool::read_superblock(**memory);
    // Whoever opens the pool says what is wrong with it.
    if (!superblock || superblock->log_length == omf::minimum_log_length) return {};
    return write_tree(run_->shadow_path(), path, (*memory)->size(), superblock->log_length);
}

Result<void> MetaMount::end() {
    if (!run_) return {};
    const RunDirectory run = std::move(*run_);
    run_.reset();
    const std::string mountpoint = mountpoint_of(run);
    // Where the daemon failed, nothing is mounted.
    if (::umount2(mountpoint.c_str(), UMOUNT_NOFOLLOW) != 0 && errno != EINVAL && errno != ENOENT)
        return fail_errno(errno, fmt::format("cannot unmount {}", omf::printable(mountpoint)));
    if (!run.wait_for_daemon(daemon_limit))
        return fail(ErrorKind::io, ETIMEDOUT,
                    fmt::format("{}: process {} still runs", omf::printable(run.path()), run.daemon_pid()));
    return run.remove();
}

MetaMount::~MetaMount() {
    static_cast<void>(end());
}

}  // namespace famfs::cli
