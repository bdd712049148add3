#include "famfs-cli/mount/device_mode.h"

#include "famfs-cli/mount/dax_node.h"
#include "famfs-cli/mount/kernel_support.h"
#include "famfs-cli/mount/meta_mount.h"
#include "famfs-cli/mount/saved_mode.h"
#include "liblog/device/dax_mode.h"
#include "liblog/device/dax_users.h"
#include "liblog/device/mount_memory.h"
#include "liblog/records/capabilities.h"
#include "omf/path.h"

#include <fmt/format.h>

#include <chrono>
#include <span>
#include <thread>
#include <utility>

namespace famfs::cli {
namespace {

using device::DaxMode;

DaxMode mode_named(const std::string& name) {
    return name == device::name(DaxMode::fsdev) ? DaxMode::fsdev : DaxMode::devdax;
}

// Everything that a path through the kernel needs, but for the device's mode.
Result<void> prepare_path(const records::Capabilities& kernel, records::KernelPath path,
                          std::uint64_t allocation_unit) {
    const auto found = records::check_path(path, kernel, allocation_unit);
    if (!found.available() && found.lack != records::Lack::module)
        return fail(ErrorKind::unsupported, ENOTSUP,
                    fmt::format("data path {}: {}", records::name(path), found.message));
    if (auto driver = load_fsdev_driver(); !driver || path == records::KernelPath::iomap) return driver;
    return load_extent_module();
}

// The first of `paths` that can work; else why none does.
Result<void> prepare_one_of(std::span<const records::KernelPath> paths, std::uint64_t allocation_unit) {
    const auto kernel = ask_capabilities();
    if (!kernel) return std::unexpected(kernel.error());
    Error none{ErrorKind::unsupported, ENOTSUP, ""};
    for (const auto path : paths) {
        const auto prepared = prepare_path(*kernel, path, allocation_unit);
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

Result<void> check_room(const std::string& path) {
    const auto mount = device::mount_that_holds(path);
    if (!mount) return {};
    return fail(
        ErrorKind::busy, EBUSY,
        fmt::format("{}: it is mounted on {} with data path iomap, which takes a device for one mount; "
                    "mount --bind makes that one visible elsewhere",
                    omf::printable(path), omf::printable(mount->mountpoint)));
}

Result<ModeChange> ModeChange::plan(Console& console, const std::string& path, const std::string& asked,
                                    std::uint64_t allocation_unit) {
    ModeChange change(console);
    change.path_ = path;
    change.name_ = dax_name_at(path);
    const auto asked_path = records::parse_kernel_path(asked);
    if (change.name_.empty() && asked_path == records::KernelPath::extfile)
        return fail(ErrorKind::refused, EINVAL,
                    "data path extfile: " + omf::printable(path) + " is no dax device");
    if (change.name_.empty() || asked == "yaml") return change;
    change.optional_ = asked == "auto";
    change.wanted_ = "devdax";
    if (asked_path || change.optional_) {
        const auto prepared = prepare_one_of(
            asked_path ? std::span(&*asked_path, 1) : std::span(records::kernel_paths), allocation_unit);
        if (!prepared && asked_path) return std::unexpected(with_path(asked, prepared.error()));
        if (prepared) change.wanted_ = "fsdev";
        if (!prepared) console.note(omf::printable(path) + ": data path copy: " + prepared.error().message);
    }
    const std::string now(device::name(device::dax_mode(change.name_)));
    const std::string saved = saved_mode(change.name_);
    change.before_ = !saved.empty() ? saved : now;
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
    forget_saved_mode(name_);  // the mount's record says it now
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
    const std::string name = dax_name_at(path);
    if (name.empty()) return;
    const std::string due = before.empty() ? saved_mode(name) : before;
    if (due.empty()) return;
    const DaxMode wanted = mode_named(due);
    // Of extent files the module knows. Taking the driver away under other mappings would wait for their end.
    const bool known = orderly || device::extent_use(name).has_value();
    const bool mapped = !known && wanted == DaxMode::devdax && is_held_by_kernel(path);
    const Result<void> changed =
        mapped ? fail(ErrorKind::busy, EBUSY, path + ": its mode cannot be changed: something still maps it")
               : set_mode_in_time(name, wanted);
    if (changed) {
        forget_saved_mode(name);
        return;
    }
    console.note(fmt::format("{} mode is left as it is: {}; the next unmount of it puts it in {} mode", name,
                             changed.error().message, due));
    save_mode(name, due);
}

}  // namespace famfs::cli
