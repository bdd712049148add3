#include "service/device/devices.h"

#include "liblog/device/dax_device.h"
#include "liblog/pool/pool.h"
#include "liblog/shadow/update.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

namespace famfs::service {

namespace {

using famfs::shadow::DeviceRecord;
using famfs::shadow::DeviceTable;

constexpr std::size_t max_table = 1 << 20;  // bytes

std::unexpected<Error> not_ours(const std::string& path, const std::string& why) {
    return fail(ErrorKind::refused, ESTALE,
                fmt::format("{}: {}; replay the log anew (famfs logplay)", omf::printable(path), why));
}

// The tree says which file it calls device `index`; only the file itself can show that it is. What the
// documents are held to must be the pool's own, too: else they could reach its log.
Result<void> check_belongs(const DeviceTable& table, std::size_t index, const omf::Superblock& superblock,
                           const std::string& path) {
    const omf::Uuid& device = table.devices()[index].uuid;
    if (superblock.file_system != table.file_system)
        return not_ours(path, fmt::format("holds file system {}, the shadow tree is of {}",
                                          to_string(superblock.file_system), to_string(table.file_system)));
    if (superblock.device != device)
        return not_ours(path, fmt::format("is device {}, the shadow tree's device {} is {}",
                                          to_string(superblock.device), index, to_string(device)));
    if (superblock.allocation_unit != table.allocation_unit || superblock.data_start() != table.data_start)
        return not_ours(path, fmt::format("its units have {} bytes and its data starts at {}, the shadow "
                                          "tree says {} and {}",
                                          superblock.allocation_unit, superblock.data_start(),
                                          table.allocation_unit, table.data_start));
    return {};
}

// What a device without a pool's superblock holds is nobody's to serve. Of further devices only such are
// known today whose superblock is like the first one's.
Result<void> check_shown(const DeviceTable& table, std::size_t index, device::Memory& memory) {
    const auto superblock = pool::read_superblock(memory);
    if (superblock) return check_belongs(table, index, *superblock, memory.description().path);
    return fail(superblock.error().kind, superblock.error().code,
                fmt::format("device {} of the shadow tree cannot show that it is the pool's: {}", index,
                            superblock.error().message));
}

// Puts each given path into the record that its superblock names.
Result<void> match_paths(DeviceTable& table, const std::vector<std::string>& paths) {
    if (paths.size() == 1 && table.devices().size() == 1 && is_fsdev(paths.front())) {
        table.set_path(0, paths.front());
        return {};
    }
    for (const std::string& path : paths) {
        const auto pool = pool::Pool::open(path, device::Access::read_only);
        if (!pool) return std::unexpected(pool.error());
        const omf::Uuid& uuid = pool->superblock().device;
        const auto record = std::ranges::find(table.devices(), uuid, &DeviceRecord::uuid);
        if (record == table.devices().end()) {
            return fail(ErrorKind::refused, ENODEV,
                        fmt::format("{}: device {} is not one of this pool's", omf::printable(path),
                                    omf::to_string(uuid)));
        }
        table.set_path(static_cast<std::size_t>(record - table.devices().begin()),
                       pool->memory().description().path);
    }
    return {};
}

Result<DeviceTable> find_table(const ShadowRoot& shadow, const std::vector<std::string>& paths) {
    auto stored = read_device_table(shadow);
    if (!stored) return std::unexpected(stored.error());
    if (*stored) {
        if (const auto matched = match_paths(**stored, paths); !matched)
            return std::unexpected(matched.error());
        return std::move(**stored);
    }
    if (paths.size() != 1) {
        return fail(
            ErrorKind::usage, EINVAL,
            omf::printable(shadow.directory()) + ": no devices.yaml there; name the pool with one --device");
    }
    const auto pool = pool::Pool::open(paths.front(), device::Access::read_only);
    if (!pool) return std::unexpected(pool.error());
    return famfs::shadow::first_device(*pool);
}

Result<std::unique_ptr<device::Memory>> open_record(const DeviceRecord& record, device::Access access) {
    const std::string shown = omf::printable(record.path);
    if (record.path.empty()) {
        return fail(ErrorKind::io, ENODEV,
                    fmt::format("device {}: its path on this host is not known; name it with --device",
                                omf::to_string(record.uuid)));
    }
    auto memory = device::open_memory(record.path, access);
    if (memory && (*memory)->size() < record.size) {
        return fail(ErrorKind::corrupt, ENXIO,
                    fmt::format("{}: {} bytes, the pool needs {}", shown, (*memory)->size(), record.size));
    }
    return memory;
}

}  // namespace

bool is_fsdev(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISCHR(status.st_mode)) return false;
    const auto found = device::find_dax_device(path, status.st_rdev);
    return found && found->mode == device::DaxMode::fsdev;
}

Result<std::optional<DeviceTable>> read_device_table(const ShadowRoot& shadow) {
    const std::string shown = omf::printable(shadow.directory()) + "/devices.yaml";
    const auto document = shadow.read_beside("devices.yaml", max_table);
    if (!document && document.error() == ENOENT) return std::nullopt;
    if (!document) return fail_errno(document.error(), shown);
    auto table = famfs::shadow::read_devices(document->text);
    if (!table) return fail(table.error().kind, table.error().code, shown + ": " + table.error().message);
    return std::optional(std::move(*table));
}

Result<void> Devices::take(std::size_t index, std::unique_ptr<device::Memory> memory) {
    auto lock = device::Lock::try_acquire(*memory, device::LockKind::mounted, true);
    if (!lock) return std::unexpected(lock.error());
    if (!*lock) {
        return fail(ErrorKind::busy, EBUSY,
                    omf::printable(memory->description().path) + ": is being formatted");
    }
    // Under the lock, on what was opened: mkfs may have been there since, or another file be in its place.
    if (auto shown = check_shown(*table_, index, *memory); !shown) return shown;
    locks_.push_back(std::move(**lock));
    memories_[index] = std::move(memory);
    return {};
}

Result<Devices> Devices::locate(const ShadowRoot& shadow, const std::vector<std::string>& paths) {
    auto table = find_table(shadow, paths);
    if (!table) return std::unexpected(table.error());
    Devices devices;
    devices.table_ = std::make_unique<DeviceTable>(std::move(*table));
    devices.context_ = devices.table_->context();
    devices.trusted_ = shadow.is_ours_alone();
    return devices;
}

// The kernel opens the device by itself, so it is looked at before. Without our kernel module nobody can look
// at one in fsdev mode; then the word of a tree counts that only this user can write, for its first device.
Result<void> Devices::check_unopened(std::size_t index) const {
    const DeviceRecord& record = table_->devices()[index];
    if (record.path.empty()) return {};  // the kernel is told of no such device
    const auto memory = open_record(record, device::Access::read_only);
    if (memory) return check_shown(*table_, index, **memory);
    const bool hidden = memory.error().code == ENOENT || is_fsdev(record.path);
    if (index == 0 && trusted_ && hidden) return {};
    return std::unexpected(memory.error());
}

Result<void> Devices::hold_modes() {
    for (std::size_t index = 0; index < table_->devices().size(); ++index)
        if (auto checked = check_unopened(index); !checked) return checked;
    for (const DeviceRecord& record : table_->devices()) {
        struct stat status{};
        if (::stat(record.path.c_str(), &status) != 0 || !S_ISCHR(status.st_mode)) continue;
        auto hold = device::ModeHold::acquire(record.path, status.st_rdev);
        if (!hold) return std::unexpected(hold.error());
        holds_.push_back(std::move(*hold));
    }
    return {};
}

// A control descriptor of its own, on which a device has the number that is its index in the pool.
Result<void> Devices::attach() {
    auto control = device::ExtentControl::open();
    if (!control) return std::unexpected(control.error());
    for (std::size_t index = 0; index < memories_.size(); ++index) {
        const std::string& path = memories_[index]->description().path;
        const int mode = access_ == device::Access::read_write ? O_RDWR : O_RDONLY;
        const FileDescriptor node(::open(path.c_str(), mode | O_CLOEXEC | O_NOCTTY));
        if (!node) return fail_errno(errno, omf::printable(path));
        const auto attached = control->attach(node.get(), omf::printable(path));
        if (!attached) return std::unexpected(attached.error());
        if (attached->number != index)
            return fail(ErrorKind::unsupported, EPROTO, "famfs_dax numbers devices in another way");
    }
    extents_.emplace(std::move(*control));
    return {};
}

Result<void> Devices::open(device::Access access) {
    access_ = access;
    memories_.resize(table_->devices().size());
    for (std::size_t index = 0; index < memories_.size(); ++index) {
        auto memory = open_record(table_->devices()[index], access);
        if (!memory) return std::unexpected(memory.error());
        if (auto taken = take(index, std::move(*memory)); !taken) return taken;
    }
    const auto in_fsdev = [](const auto& memory) {
        return memory->description().kind == device::Kind::fsdev;
    };
    return std::ranges::all_of(memories_, in_fsdev) ? attach() : Result<void>();
}

std::string Devices::identity() const {
    return memories_.empty() || !memories_.front() ? "" : memories_.front()->description().identity;
}

std::string Devices::file_system() const {
    return !table_ || table_->file_system == omf::Uuid{} ? "" : omf::to_string(table_->file_system);
}

}  // namespace famfs::service
