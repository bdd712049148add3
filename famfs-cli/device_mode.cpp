#include "famfs-cli/device_mode.h"

#include "famfs-cli/process.h"
#include "famfs-cli/run_directory.h"
#include "liblog/device/dax_mode.h"
#include "liblog/file_descriptor.h"
#include "liblog/file_io.h"
#include "omf/path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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
    return read_file(AT_FDCWD, debt_path(name), 16).value_or("");
}

void write_debt(const std::string& name, const std::string& mode) {
    const std::string path = debt_path(name);
    const FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file) static_cast<void>(write_at(file.get(), std::as_bytes(std::span(mode)), 0));
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

// Everything that a path through the kernel needs, but for the device's mode.
Result<void> prepare_path(const std::vector<std::string>& offers, const std::string& path) {
    if (auto offered = check_offer(offers, path); !offered) return offered;
    if (auto driver = load_module("fsdev_dax", "/sys/bus/dax/drivers/fsdev_dax"); !driver) return driver;
    // Also where the daemon does without it: log and superblock are read through it.
    return load_module("famfs_dax", "/dev/famfs_dax");
}

// The first of `paths` that can work; else why none does.
Result<void> prepare_one_of(const std::vector<std::string>& paths) {
    const auto offers = run_for_output({find_program("famfs-fused"), "--offers"});
    if (!offers) return std::unexpected(offers.error());
    Error none{ErrorKind::unsupported, ENOTSUP, ""};
    for (const auto& path : paths) {
        const auto prepared = prepare_path(*offers, path);
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

}  // namespace

void load_reader(const std::string& path) {
    const std::string name = device_name(path);
    if (!name.empty() && device::dax_mode(name) == DaxMode::fsdev)
        static_cast<void>(load_module("famfs_dax", "/dev/famfs_dax"));
}

Result<ModeChange> ModeChange::plan(Console& console, const std::string& path, const std::string& asked) {
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
        const auto prepared = prepare_one_of(through_kernel ? std::vector{asked}
                                                            : std::vector<std::string>{"iomap", "extfile"});
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

void give_mode_back(Console& console, const std::string& path, const std::string& before) {
    const std::string name = device_name(path);
    if (name.empty()) return;
    const std::string owed = before.empty() ? read_debt(name) : before;
    if (owed.empty()) return;
    // A mount that fell back to copy has left the mode alone, whatever its record says.
    const auto changed = device::dax_mode(name) == mode_named(owed)
                             ? Result<void>()
                             : device::set_dax_mode(name, mode_named(owed));
    if (changed) {
        ::unlink(debt_path(name).c_str());
        return;
    }
    console.note(fmt::format("{} mode is left as it is: {}", name, changed.error().message));
    write_debt(name, owed);
}

}  // namespace famfs::cli
