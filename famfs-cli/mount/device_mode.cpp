#include "famfs-cli/mount/device_mode.h"

#include "famfs-cli/mount/meta_mount.h"
#include "famfs-cli/mount/process.h"
#include "famfs-cli/mount/run_directory.h"
#include "liblog/device/dax_mode.h"
#include "liblog/device/dax_users.h"
#include "liblog/device/mount_memory.h"
#include "liblog/file_descriptor.h"
#include "liblog/file_io.h"
#include "omf/path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace famfs::cli {
namespace {

using device::DaxMode;

// "" if `path` is the node of no dax device.
std::string device_name(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISCHR(status.st_mode)) return {};
    return device::dax_name(path, status.st_rdev).value_or("");
}

DaxMode mode_named(const std::string& name) {
    return name == device::name(DaxMode::fsdev) ? DaxMode::fsdev : DaxMode::devdax;
}

// Remembers the mode that a device is owed.
std::string debt_path(const std::string& name) {
    return RunDirectory::base() + "/mode-" + name;
}

std::string read_debt(const std::string& name) {
    return read_file(AT_FDCWD, debt_path(name), 16, Owner::trusted).value_or("");
}

void write_debt(const std::string& name, const std::string& mode) {
    const std::string path = debt_path(name);
    static_cast<void>(replace_file(AT_FDCWD, path + ".new", path, mode, 0600));
}

Result<void> load_module(const char* module, const char* sign) {
    if (::access(sign, F_OK) == 0) return {};
    const auto loaded = run_for_output({"/sbin/modprobe", module});
    if (::access(sign, F_OK) == 0) return {};
    return fail(ErrorKind::refused, ENOENT,
                fmt::format("the kernel module {} cannot be loaded{}{}", module, loaded ? "" : ": ",
                            loaded ? "" : loaded.error().message));
}

// Whether the daemon finds that the kernel offers this path; the reason if not.
Result<void> check_offer(const std::vector<std::string>& offers, const std::string& path) {
    const auto line =
        std::ranges::find_if(offers, [&](const auto& each) { return each.starts_with(path + ":"); });
    if (line == offers.end())
        return fail(ErrorKind::unsupported, ENOTSUP, path + ": famfs-fused does not know it");
    if (*line == path + ": yes") return {};
    return fail(ErrorKind::unsupported, ENOTSUP, "data path " + omf::printable(*line));
}

Result<std::vector<std::string>> ask_offers() {
    return run_for_output({find_program("famfs-fused"), "--offers"});
}

// The kernel takes maps in such units only.
constexpr std::uint64_t map_unit = std::uint64_t{2} << 20;

// Everything that a path through the kernel needs, but for the device's mode.
Result<void> prepare_path(const std::vector<std::string>& offers, const std::string& path,
                          std::uint64_t allocation_unit) {
    if (auto offered = check_offer(offers, path); !offered) return offered;
    if (path == "iomap" && allocation_unit % map_unit != 0)
        return fail(
            ErrorKind::unsupported, ENOTSUP,
            fmt::format("data path iomap: the pool's allocation unit is {} bytes, the kernel takes maps "
                        "in units of {}",
                        allocation_unit, map_unit));
    if (auto driver = load_module("fsdev_dax", "/sys/bus/dax/drivers/fsdev_dax"); !driver) return driver;
    if (path == "iomap") return {};
    return load_module("famfs_dax", "/dev/famfs_dax");
}

// The first of `paths` that can work; else why none does.
Result<void> prepare_one_of(const std::vector<std::string>& paths, std::uint64_t allocation_unit) {
    const auto offers = ask_offers();
    if (!offers) return std::unexpected(offers.error());
    Error none{ErrorKind::unsupported, ENOTSUP, ""};
    for (const auto& path : paths) {
        const auto prepared = prepare_path(*offers, path, allocation_unit);
        if (prepared) return {};
        none = {prepared.error().kind, prepared.error().code,
                none.message + (none.message.empty() ? "" : "; ") + prepared.error().message};
    }
    return std::unexpected(std::move(none));
}

Error with_path(const std::string& asked, const Error& error) {
    const std::string prefix = "data path " + asked + ": ";
    const bool named = error.message.starts_with(prefix);
    return {error.kind, error.code, (named ? "" : prefix) + error.message};
}

// Nothing but pages in a pipe or in I/O under way keeps the device's files.
bool is_only_pinned(const std::string& name) {
    const auto use = device::extent_use(name);
    return use && use->pinned > 0 && use->pinned == use->claimed;
}

// Pages that have just come back: the module looks for that once a second.
Result<void> set_mode_in_time(const std::string& name, DaxMode wanted) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::seconds(2);
    for (;;) {
        auto changed = device::set_dax_mode(name, wanted);
        if (changed || !is_only_pinned(name) || Clock::now() >= end) return changed;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

}  // namespace

bool is_in_fsdev_mode(const std::string& path) {
    const std::string name = device_name(path);
    return !name.empty() && device::dax_mode(name) == DaxMode::fsdev;
}

Result<void> check_room(const std::string& path) {
    const auto mount = device::mount_that_holds(path);
    if (!mount) return {};
    return fail(
        ErrorKind::busy, EBUSY,
        fmt::format("{}: it is mounted on {} with data path iomap, which takes a device for one mount; "
                    "mount --bind makes that one visible elsewhere",
                    omf::printable(path), omf::printable(mount->mountpoint)));
}

bool load_reader() {
    return load_module("famfs_dax", "/dev/famfs_dax").has_value();
}

bool kernel_takes_maps() {
    const auto offers = ask_offers();
    return offers && check_offer(*offers, "iomap");
}

Result<ModeChange> ModeChange::plan(Console& console, const std::string& path, const std::string& asked,
                                    std::uint64_t allocation_unit) {
    ModeChange change(console);
    change.path_ = path;
    change.name_ = device_name(path);
    const bool through_kernel = asked == "iomap" || asked == "extfile";
    if (change.name_.empty() && asked == "extfile")
        return fail(ErrorKind::refused, EINVAL,
                    "data path extfile: " + omf::printable(path) + " is no dax device");
    if (change.name_.empty() || asked == "yaml") return change;
    change.optional_ = asked == "auto";
    change.wanted_ = "devdax";
    if (through_kernel || change.optional_) {
        const auto prepared =
            prepare_one_of(through_kernel ? std::vector{asked} : std::vector<std::string>{"iomap", "extfile"},
                           allocation_unit);
        if (!prepared && through_kernel) return std::unexpected(with_path(asked, prepared.error()));
        if (prepared) change.wanted_ = "fsdev";
        if (!prepared) console.note(omf::printable(path) + ": data path copy: " + prepared.error().message);
    }
    const std::string now(device::name(device::dax_mode(change.name_)));
    const std::string debt = read_debt(change.name_);
    change.before_ = !debt.empty() ? debt : now;
    if (change.before_ == change.wanted_) change.before_.clear();
    return change;
}

Result<void> ModeChange::apply() {
    if (name_.empty() || wanted_.empty()) return {};
    const DaxMode wanted = mode_named(wanted_);
    if (device::dax_mode(name_) != wanted) {
        console_->note(fmt::format("{}: changing it from {} to {} mode, which takes longer the larger it is",
                                   name_, device::name(device::dax_mode(name_)), wanted_));
        const auto changed = device::set_dax_mode(name_, wanted);
        if (!changed && !optional_) return changed;
        if (!changed) {
            console_->note(changed.error().message);
            before_.clear();
            return {};
        }
    }
    done_ = !before_.empty();
    ::unlink(debt_path(name_).c_str());  // the mount's record says it now
    return {};
}

ModeChange::ModeChange(ModeChange&& other) noexcept
    : console_(other.console_),
      path_(std::move(other.path_)),
      name_(std::move(other.name_)),
      wanted_(std::move(other.wanted_)),
      before_(std::move(other.before_)),
      optional_(other.optional_),
      done_(std::exchange(other.done_, false)) {}

ModeChange::~ModeChange() {
    if (done_) give_mode_back(*console_, path_, before_);
}

void give_mode_back(Console& console, const std::string& path, const std::string& before, bool orderly) {
    const std::string name = device_name(path);
    if (name.empty()) return;
    const std::string owed = before.empty() ? read_debt(name) : before;
    if (owed.empty()) return;
    const DaxMode wanted = mode_named(owed);
    // Of extent files the module knows. Taking the driver away under other mappings would wait for their end.
    const bool known = orderly || device::extent_use(name).has_value();
    const bool mapped = !known && wanted == DaxMode::devdax && is_held_by_kernel(path);
    const Result<void> changed =
        mapped ? fail(ErrorKind::busy, EBUSY, path + ": its mode cannot be changed: something still maps it")
               : set_mode_in_time(name, wanted);
    if (changed) {
        ::unlink(debt_path(name).c_str());
        return;
    }
    console.note(fmt::format("{} mode is left as it is: {}; the next unmount of it puts it in {} mode", name,
                             changed.error().message, owed));
    write_debt(name, owed);
}

}  // namespace famfs::cli
