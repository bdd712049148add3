#include "liblog/shadow/pool_writer.h"

#include "liblog/device/lock.h"
#include "liblog/log/writer.h"
#include "liblog/pool/allocator.h"
#include "liblog/pool/system_uuid.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>

namespace famfs::shadow {
namespace {

using pool::Pool;

constexpr std::uint64_t page = 4096;  // bytes: what a mapping shows beyond a file's end

Result<void> require_master(const Pool& pool) {
    if (pool.role() == pool::Role::master) return {};
    return fail(
        ErrorKind::refused, EACCES,
        fmt::format("{}: this host is a client of the pool; only its master, the host with system uuid {} "
                    "(here: {}), writes it",
                    pool.memory().description().path, to_string(pool.superblock().system),
                    pool::system_uuid_path()));
}

Result<device::Lock> lock_pool(const Pool& pool, const std::function<void()>& waiting) {
    auto free = device::Lock::try_acquire(pool.memory(), device::LockKind::writer, false);
    if (!free) return std::unexpected(free.error());
    if (*free) return std::move(**free);
    if (waiting) waiting();
    return device::Lock::acquire(pool.memory(), device::LockKind::writer, false);
}

bool caller_is_in(gid_t group) {
    if (group == ::getegid()) return true;
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    return std::find(groups.begin(), groups.begin() + std::max(0, count), group) != groups.end();
}

// What something new in a directory gets; `inherited` is the directory's group if it hands that on.
Ownership settle(Ownership owner, std::optional<std::uint32_t> inherited, index::InodeKind kind) {
    if (inherited && !owner.exact_group) owner.gid = *inherited;
    if ((owner.mode & S_ISGID) != 0 && ::geteuid() != 0 && !caller_is_in(owner.gid)) owner.mode &= ~S_ISGID;
    if (inherited && !owner.exact_mode && kind == index::InodeKind::directory) owner.mode |= S_ISGID;
    return owner;
}

// What a breach by our own new entry means to the one who asked for it.
Error refusal(std::string_view path, const omf::Violation& violation) {
    const std::string what = omf::printable(path) + ": " + omf::describe(violation);
    switch (violation.rule) {
        case omf::Rule::path_taken:
            return {ErrorKind::io, EEXIST,
                    omf::printable(path) + ": it exists; files of a pool cannot be replaced"};
        case omf::Rule::parent_missing:
            return {ErrorKind::io, ENOENT, omf::printable(path) + ": no such directory"};
        case omf::Rule::parent_not_directory:
            return {ErrorKind::io, ENOTDIR, what};
        case omf::Rule::path_too_long:
            return {ErrorKind::usage, ENAMETOOLONG, what};
        default:
            return {ErrorKind::usage, EINVAL, what};
    }
}

// Calls `each` with the device extents that hold bytes [from, end) of the file.
template <typename Each>
Result<void> for_each_run(const omf::File& file, std::uint64_t from, std::uint64_t end, Each each) {
    while (from < end) {
        omf::Extent run = file.layout.view().run_at(from);
        if (run.length == 0) return fail_errno(EINVAL, omf::printable(file.path.view()));
        run.length = std::min(run.length, end - from);
        if (Result<void> done = each(run); !done) return done;
        from += run.length;
    }
    return {};
}

}  // namespace

struct PoolWriter::Impl {
    Impl(Pool opened, Tree opened_tree, Form form)
        : pool(std::move(opened)),
          tree(std::move(opened_tree)),
          tree_form(form),
          index(pool.superblock(), pool.memory().size()) {}

    mutable std::mutex mutex;
    Pool pool;
    std::optional<device::Lock> lock;
    Tree tree;
    Form tree_form;
    index::Index index;
    std::optional<log::Writer> log;
    // The reservations' paths; what keeps their bytes within reach.
    std::map<std::string, device::MappedRange, std::less<>> reserved;
    std::uint64_t findings = 0;  // and files that the form cannot say
    std::uint64_t bad_entries = 0;
    bool unfinished = false;
    std::optional<std::uint64_t> missing;  // the first entry that the tree did not get

    // For memory that only a mount reaches: a file of these extents, which is in the mount for as long as it
    // takes to open it. Then its name goes, from the kernel's caches too: with the last descriptor and
    // mapping the kernel lets go of its pages, before those of the file itself come into being.
    Result<FileDescriptor> make_file(std::span<const omf::Extent> extents, std::uint64_t size);
    // What such files a killed writer left goes, from the kernel's caches too.
    void sweep();
    std::string in_mount(std::string_view path) const {
        return fmt::format("{}/{}", pool.memory().mountpoint(), path);
    }
    Result<void> publish();
    Result<void> replay(const omf::LogHeader& header, const UpdateHooks& hooks);
    Result<omf::Path> check_new(std::string_view path) const;
    Result<omf::Layout> allocate(std::string_view path, std::uint64_t size,
                                 const pool::AllocationPolicy& policy);
    std::optional<std::uint32_t> inherited_group(std::string_view directory) const;
    Result<void> flush(const omf::File& file) const;
    void give_back(const omf::File& file);
    Result<std::uint64_t> append(const omf::Entry& entry);
    Result<void> commit(const omf::File& file);
    index::InodeId next_id() const;
    Result<void> stage(const omf::File& file);
};

Result<void> PoolWriter::Impl::replay(const omf::LogHeader& header, const UpdateHooks& hooks) {
    const auto updated = update(pool, header, tree, tree_form, tree.state(), index, hooks);
    if (!updated) return std::unexpected(updated.error());
    const pool::ReplayResult& result = updated->replay;
    bad_entries = result.findings;
    findings = result.findings + updated->skipped;
    unfinished = true;
    if (auto assigned = pool.devices().assign(index.devices()); !assigned) return assigned;
    if (result.replayed == result.header.next_index) {
        log.emplace(pool.memory(), result.header);
        return {};
    }
    return fail(ErrorKind::corrupt, EUCLEAN,
                fmt::format("{}: the log is unreadable from entry {} of {}: nothing may be appended to it",
                            pool.memory().description().path, result.replayed, result.header.next_index));
}

Result<FileDescriptor> PoolWriter::Impl::make_file(std::span<const omf::Extent> extents, std::uint64_t size) {
    FileDescriptor file;
    std::string name;
    auto made = tree.with_temporary(extents, size, [&](std::string_view path) -> Result<void> {
        name = in_mount(path);
        file = FileDescriptor(::open(name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
        return file ? Result<void>() : fail_errno(errno, name);
    });
    // The document is gone, so this fails; but the kernel asks, and forgets the name.
    if (!name.empty()) ::unlink(name.c_str());
    if (!made) return std::unexpected(made.error());
    return file;
}

void PoolWriter::Impl::sweep() {
    for (const std::string& path : tree.sweep_temporaries())
        if (!pool.memory().mountpoint().empty()) ::unlink(in_mount(path).c_str());
}

PoolWriter::PoolWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

// Whatever is lost here, the next logplay finds. Reservations that are left tell of an end in the middle of
// things.
PoolWriter::~PoolWriter() try {
    if (impl_->reserved.empty()) (void)finish();
} catch (const std::exception&) {
    return;
}

Result<std::unique_ptr<PoolWriter>> PoolWriter::open(const PoolPlace& place, const WriterHooks& hooks) {
    {
        // Read-only first: a client that may not write the device is told that it is a client.
        auto pool = Pool::open(place.device, device::Access::read_only, place.served);
        if (!pool) return std::unexpected(pool.error());
        if (auto checked = require_master(*pool); !checked) return std::unexpected(checked.error());
    }
    auto pool = Pool::open(place.device, device::Access::read_write, place.served);
    if (!pool) return std::unexpected(pool.error());
    for (const std::string& path : place.further_devices)
        if (auto added = pool->add_device(path, device::Access::read_write); !added)
            return std::unexpected(added.error());
    return open(std::move(*pool), place, hooks);
}

Result<std::unique_ptr<PoolWriter>> PoolWriter::open(Pool pool, const PoolPlace& place,
                                                     const WriterHooks& hooks) {
    if (auto checked = require_master(pool); !checked) return std::unexpected(checked.error());
    auto lock = lock_pool(pool, hooks.waiting);
    if (!lock) return std::unexpected(lock.error());
    // It may have been formatted while the lock was waited for.
    if (auto checked = pool.check_unchanged(); !checked) return std::unexpected(checked.error());
    // A pool without a log leaves no trace in the file system. Under the lock the header stays as it is.
    const auto header = pool.read_header();
    if (!header) return std::unexpected(header.error());
    auto tree = Tree::open(place.shadow, place.form, pool.superblock().file_system);
    if (!tree) return std::unexpected(tree.error());
    auto impl = std::make_unique<Impl>(std::move(pool), std::move(*tree), place.form);
    impl->lock = std::move(*lock);
    impl->sweep();
    impl->pool.memory().make_files_with(
        [raw = impl.get()](auto extents, auto size) { return raw->make_file(extents, size); });
    if (auto replayed = impl->replay(*header, hooks.update); !replayed)
        return std::unexpected(replayed.error());
    return std::unique_ptr<PoolWriter>(new PoolWriter(std::move(impl)));
}

const pool::Devices& PoolWriter::devices() const {
    return impl_->pool.devices();
}

const omf::Superblock& PoolWriter::superblock() const {
    return impl_->pool.superblock();
}

std::uint64_t PoolWriter::findings() const {
    return impl_->bad_entries;
}

index::Totals PoolWriter::totals() const {
    const std::lock_guard guard(impl_->mutex);
    return impl_->index.totals();
}

std::uint64_t PoolWriter::free_bytes() const {
    const std::lock_guard guard(impl_->mutex);
    return impl_->index.free_space(0).bytes();
}

std::uint64_t PoolWriter::free_entries() const {
    const std::lock_guard guard(impl_->mutex);
    return impl_->log->free_entries() - impl_->reserved.size();
}

bool PoolWriter::in_doubt() const {
    const std::lock_guard guard(impl_->mutex);
    return impl_->log->in_doubt();
}

std::optional<index::InodeKind> PoolWriter::find(std::string_view path) const {
    const std::lock_guard guard(impl_->mutex);
    if (impl_->reserved.contains(path)) return index::InodeKind::file;
    const index::Inode* const found = impl_->index.names().resolve(path);
    return found == nullptr ? std::nullopt : std::optional(found->kind);
}

// Of a directory that has the set-group-ID bit. The root has none.
std::optional<std::uint32_t> PoolWriter::Impl::inherited_group(std::string_view directory) const {
    const index::Inode* const found = index.names().resolve(directory);
    if (found == nullptr || (found->attributes.mode & S_ISGID) == 0) return std::nullopt;
    return found->attributes.gid;
}

// The path is fit and free, and the log has a slot for it.
Result<omf::Path> PoolWriter::Impl::check_new(std::string_view path) const {
    const auto parsed = omf::Path::parse(path);
    if (!parsed) return std::unexpected(refusal(path, parsed.error()));
    if (auto checked = index.check_path(*parsed); !checked)
        return std::unexpected(refusal(path, checked.error()));
    if (reserved.contains(path)) return std::unexpected(refusal(path, {omf::Rule::path_taken}));
    if (log->in_doubt())
        return fail(ErrorKind::io, EIO,
                    fmt::format("{}: an earlier entry may be in the log or not; run it again",
                                pool.memory().description().path));
    if (log->free_entries() <= reserved.size())
        return fail(ErrorKind::io, ENOSPC,
                    fmt::format("{}: the log is full: {} entries", pool.memory().description().path,
                                omf::entries_that_fit(pool.superblock().log_length)));
    return *parsed;
}

Result<omf::Layout> PoolWriter::Impl::allocate(std::string_view path, std::uint64_t size,
                                               const pool::AllocationPolicy& policy) {
    std::uint64_t free = 0;
    for (const std::size_t device : policy.devices()) {
        if (auto open = pool.devices().at(device); !open) return std::unexpected(open.error());
        free += index.free_space(device).bytes();
    }
    if (auto layout = pool::allocate(index, size, policy)) return *layout;
    return fail(ErrorKind::io, ENOSPC,
                fmt::format("{}: the pool is full: {} bytes are wanted, {} are free", omf::printable(path),
                            size, free));
}

Result<omf::File> PoolWriter::reserve(std::string_view path, std::uint64_t size, const Ownership& ownership,
                                      const pool::AllocationPolicy& policy) {
    const std::lock_guard guard(impl_->mutex);
    const auto parsed = impl_->check_new(path);
    if (!parsed) return std::unexpected(parsed.error());
    auto layout = impl_->allocate(path, size, policy);
    if (!layout) return std::unexpected(layout.error());
    auto mapped = devices().map(layout->view(), size);
    if (!mapped) {
        impl_->index.release(*layout);
        return std::unexpected(mapped.error());
    }
    impl_->reserved.emplace(path, std::move(*mapped));
    const Ownership owner =
        settle(ownership, impl_->inherited_group(parsed->parent()), index::InodeKind::file);
    return omf::File{*parsed,   size,       omf::flag_read_write, owner.uid,
                     owner.gid, owner.mode, std::move(*layout)};
}

Result<void> PoolWriter::zero(const omf::File& file, std::uint64_t from, std::uint64_t end) {
    return for_each_run(file, from, end, [&](const omf::Extent& run) -> Result<void> {
        if (auto zeroed = devices().zero(run); !zeroed) return zeroed;
        return devices().write_back(run);
    });
}

Result<void> PoolWriter::zero_tail(const omf::File& file) {
    const std::uint64_t end = (file.size + page - 1) / page * page;
    return zero(file, file.size, std::max(end, page));
}

Result<void> PoolWriter::Impl::flush(const omf::File& file) const {
    const pool::Devices& devices = pool.devices();
    const auto flushed =
        for_each_run(file, 0, file.size, [&](const omf::Extent& run) { return devices.write_back(run); });
    devices.fence();
    return flushed;
}

void PoolWriter::Impl::give_back(const omf::File& file) {
    if (const auto found = reserved.find(file.path.view()); found != reserved.end()) reserved.erase(found);
    index.release(file.layout);
}

// The log's part of a change. What is staged in the tree goes if it fails, and is published if it does not.
Result<std::uint64_t> PoolWriter::Impl::append(const omf::Entry& entry) {
    const auto unchanged = pool.check_unchanged();
    const auto appended = unchanged ? log->append(entry) : std::unexpected(unchanged.error());
    if (!appended) {
        tree.discard();
        return std::unexpected(appended.error());
    }
    if (!missing) missing = *appended;
    unfinished = true;
    return *appended;
}

// The entry is in the log by now, and stays.
Result<void> PoolWriter::Impl::publish() {
    const auto published = tree.publish();
    if (published) {
        if (*missing + 1 == log->next_index()) missing.reset();
        return {};
    }
    Error error = published.error();
    error.message += ": it is in the pool, but not in the shadow tree; famfs logplay adds it";
    return std::unexpected(std::move(error));
}

// Of what the next entry creates.
index::InodeId PoolWriter::Impl::next_id() const {
    return index::inode_of_entry(log->next_index());
}

// A file that the tree's form cannot say is still a file of the pool.
Result<void> PoolWriter::Impl::stage(const omf::File& file) {
    auto staged = tree.stage(file, next_id());
    if (staged || staged.error().code != EILSEQ) return staged;
    ++findings;
    return {};
}

Result<void> PoolWriter::Impl::commit(const omf::File& file) {
    if (auto staged = stage(file); !staged) return staged;
    const auto appended = append(file);
    if (!appended) return std::unexpected(appended.error());
    reserved.erase(reserved.find(file.path.view()));
    index.adopt(*appended, file);
    return publish();
}

Result<void> PoolWriter::commit(const omf::File& file) {
    auto done = impl_->flush(file);
    const std::lock_guard guard(impl_->mutex);
    if (done) done = impl_->commit(file);
    // If the entry may be in the log, its space stays taken: another file there would overwrite it.
    const bool kept = impl_->log->in_doubt() || !impl_->reserved.contains(file.path.view());
    if (!done && !kept) impl_->give_back(file);
    return done;
}

void PoolWriter::release(const omf::File& file) {
    const std::lock_guard guard(impl_->mutex);
    impl_->give_back(file);
}

Result<void> PoolWriter::make_directory(std::string_view path, const Ownership& ownership) {
    const std::lock_guard guard(impl_->mutex);
    const auto parsed = impl_->check_new(path);
    if (!parsed) return std::unexpected(parsed.error());
    const Ownership owner =
        settle(ownership, impl_->inherited_group(parsed->parent()), index::InodeKind::directory);
    const omf::Directory directory{*parsed, owner.uid, owner.gid, owner.mode};
    if (auto staged = impl_->tree.stage(directory, impl_->next_id()); !staged) return staged;
    const auto appended = impl_->append(directory);
    if (!appended) return std::unexpected(appended.error());
    static_cast<void>(impl_->index.apply(*appended, directory));
    return impl_->publish();
}

Result<void> PoolWriter::finish() {
    const std::lock_guard guard(impl_->mutex);
    if (!impl_->unfinished || !impl_->log) return {};
    impl_->unfinished = false;
    return shadow::finish(impl_->pool, impl_->tree, impl_->tree_form, impl_->index,
                          impl_->missing.value_or(impl_->log->next_index()), impl_->findings);
}

}  // namespace famfs::shadow
