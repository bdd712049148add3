#include "liblog/shadow/tree.h"

#include "liblog/directory_stream.h"
#include "liblog/file_descriptor.h"
#include "liblog/file_io.h"
#include "liblog/shadow/directory_cache.h"
#include "liblog/shadow/ids.h"
#include "liblog/shadow/tree_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace famfs::shadow {
namespace {

constexpr mode_t document_mode = 0644;
constexpr mode_t owner_all = 0700;
constexpr const char* staged_name = "entry";
constexpr const char* new_ids_name = ".ids.new";
constexpr const char* meta_directory = ".meta";
constexpr const char* temporary_prefix = ".temporary-";

omf::File meta_file(std::string_view path, std::uint64_t offset, std::uint64_t length, std::uint32_t mode) {
    omf::File file;
    file.path = *omf::Path::parse(path);
    file.size = length;
    file.flags = 0;
    file.mode = mode;
    file.layout.extents.push_back({0, offset, length});
    return file;
}

}  // namespace

struct Tree::Impl {
    Impl(TreeDirectory taken, FileDescriptor root, const omf::Uuid& owner, Form written_form)
        : tree(std::move(taken)), directories(std::move(root)), pool(owner), form(written_form) {}

    TreeDirectory tree;
    DirectoryCache directories;
    omf::Uuid pool;
    Form form;
    DeviceTable devices;
    DocumentContext context;
    std::uint64_t temporaries = 0;  // made so far

    enum class Staged { nothing, document, directory } staged = Staged::nothing;
    std::string parent, name;             // of what is staged
    std::string text;                     // of a staged document
    omf::Directory made;                  // a staged directory
    index::InodeId id = index::no_inode;  // of what is staged
    std::optional<IdFile> ids;            // once one was needed
    bool ids_anew = false;

    Result<void> write_staged_document() const;
    Result<void> give_owner(int directory, const omf::Directory& wanted) const;
    Result<bool> publish_document(int to);
    Result<bool> publish_directory(int to);
    Result<bool> adjust_directory();
    Result<void> open_ids();
    Result<void> record_id();
    Result<void> settle_ids();
    std::string path() const { return parent.empty() ? name : parent + "/" + name; }
    Result<void> write_meta(const omf::File& file);
};

Result<Tree> Tree::open(const std::string& directory, Form form, const omf::Uuid& pool) {
    auto taken = take_up(directory, pool, form);
    if (!taken) return std::unexpected(taken.error());
    auto root = open_directory(taken->root.get(), ".");
    if (!root) return std::unexpected(root.error());
    return Tree(std::make_unique<Impl>(std::move(*taken), std::move(*root), pool, form));
}

Tree::Tree(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
    // A killed predecessor may have left something.
    ::unlinkat(impl_->tree.aside.get(), staged_name, 0);
    ::unlinkat(impl_->tree.aside.get(), staged_name, AT_REMOVEDIR);
}

Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;

Tree::~Tree() {
    if (impl_) discard();
}

Result<void> Tree::start_over() {
    discard();
    return shadow::start_over(impl_->tree, impl_->pool, impl_->form);
}

std::optional<State> Tree::state() const {
    const auto text = read_file(impl_->tree.top.get(), state_name, max_side_file);
    if (!text) return std::nullopt;
    const auto state = read_state(*text);
    if (!state) return std::nullopt;
    return *state;
}

bool Tree::has_devices(const DeviceTable& table) const {
    const auto text = read_file(impl_->tree.top.get(), devices_name, max_side_file);
    return text && *text == write_devices(table);
}

void Tree::set_devices(DeviceTable table) {
    impl_->devices = std::move(table);
    impl_->context = impl_->devices.context();
}

void Tree::add_device(DeviceRecord device) {
    impl_->devices.add(std::move(device));
    impl_->context = impl_->devices.context();
}

Result<void> Tree::Impl::write_staged_document() const {
    const FileDescriptor file(::openat(tree.aside.get(), staged_name,
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, document_mode));
    if (!file) return fail_errno(errno, "shadow document of " + omf::printable(path()));
    auto written = write_at(file.get(), std::as_bytes(std::span(text)), 0);
    int code = written ? 0 : written.error().code;
    if (code == 0 && ::fchmod(file.get(), document_mode) != 0) code = errno;  // the umask has no say
    if (code == 0) return {};
    ::unlinkat(tree.aside.get(), staged_name, 0);
    return fail_errno(code, "shadow document of " + omf::printable(path()));
}

void Tree::start_ids_anew() {
    ::unlinkat(impl_->tree.top.get(), new_ids_name, 0);
    impl_->ids.reset();
    impl_->ids_anew = true;
}

Result<void> Tree::Impl::open_ids() {
    if (ids) return {};
    auto opened = IdFile::open(tree.top.get(), ids_anew ? new_ids_name : ids_name, pool);
    if (!opened) return std::unexpected(opened.error());
    ids.emplace(std::move(*opened));
    return {};
}

// An empty file, where nothing needed an id: an old one's ids must not stay.
Result<void> Tree::Impl::settle_ids() {
    if (!ids_anew) return {};
    if (auto opened = open_ids(); !opened) return opened;
    if (::renameat(tree.top.get(), new_ids_name, tree.top.get(), ids_name) != 0)
        return fail_errno(errno, ids_name);
    ids_anew = false;
    return {};
}

// Directories have no document, and upstream's names no id.
Result<void> Tree::Impl::record_id() {
    if (staged == Staged::document && form == Form::uuid) return {};
    if (auto opened = open_ids(); !opened) return opened;
    return ids->append(path(), id);
}

Result<void> Tree::stage(const omf::File& file, index::InodeId id) {
    discard();
    impl_->text.clear();
    impl_->id = id;
    if (auto written = write_document(file, impl_->form, impl_->context, impl_->text, id); !written)
        return written;
    impl_->parent = file.path.parent();
    impl_->name = file.path.name();
    if (auto written = impl_->write_staged_document(); !written) return written;
    impl_->staged = Impl::Staged::document;
    return {};
}

Result<void> Tree::Impl::give_owner(int directory, const omf::Directory& wanted) const {
    if (::geteuid() != 0) return {};
    struct stat status{};
    if (::fstat(directory, &status) == 0 && status.st_uid == wanted.uid && status.st_gid == wanted.gid)
        return {};
    if (::fchown(directory, wanted.uid, wanted.gid) != 0) return fail_errno(errno, omf::printable(path()));
    return {};
}

Result<void> Tree::stage(const omf::Directory& directory, index::InodeId id) {
    discard();
    impl_->id = id;
    impl_->parent = directory.path.parent();
    impl_->name = directory.path.name();
    impl_->made = directory;
    if (::mkdirat(impl_->tree.aside.get(), staged_name, owner_all) != 0)
        return fail_errno(errno, "shadow directory of " + omf::printable(impl_->path()));
    impl_->staged = Impl::Staged::directory;
    const auto made = open_directory(impl_->tree.aside.get(), staged_name);
    if (!made) return std::unexpected(made.error());
    if (auto given = impl_->give_owner(made->get(), directory); !given) return given;
    // An ordinary user makes things in it first.
    const bool now = ::geteuid() == 0 || (directory.mode & owner_all) == owner_all;
    if (::fchmod(made->get(), now ? directory.mode : directory.mode | owner_all) != 0)
        return fail_errno(errno, omf::printable(impl_->path()));
    if (!now) impl_->directories.set_mode_later(impl_->path(), directory.mode);
    return {};
}

Result<bool> Tree::publish() {
    if (impl_->staged == Impl::Staged::nothing) return false;
    // First, so that whoever sees the name finds its id.
    if (auto recorded = impl_->record_id(); !recorded) return std::unexpected(recorded.error());
    const bool opened_up = impl_->directories.opened_up();
    const auto to = impl_->directories.get(impl_->parent);
    // Should we be killed before the modes are restored, the next replay must start over.
    if (!opened_up && impl_->directories.opened_up())
        if (auto marked = mark_unfinished(impl_->tree.top.get(), impl_->pool, impl_->form); !marked)
            return std::unexpected(marked.error());
    if (!to) return std::unexpected(to.error());
    auto published = impl_->staged == Impl::Staged::document ? impl_->publish_document(*to)
                                                             : impl_->publish_directory(*to);
    discard();
    return published;
}

Result<bool> Tree::Impl::publish_document(int to) {
    if (::renameat2(tree.aside.get(), staged_name, to, name.c_str(), RENAME_NOREPLACE) == 0) {
        staged = Staged::nothing;
        return true;
    }
    if (errno != EEXIST) return fail_errno(errno, omf::printable(path()));
    if (const auto there = read_file(to, name, max_document); there && *there == text) return false;
    if (::renameat(tree.aside.get(), staged_name, to, name.c_str()) != 0)
        return fail_errno(errno, omf::printable(path()));
    staged = Staged::nothing;
    return true;
}

Result<bool> Tree::Impl::publish_directory(int to) {
    if (::renameat2(tree.aside.get(), staged_name, to, name.c_str(), RENAME_NOREPLACE) == 0) {
        staged = Staged::nothing;
        return true;
    }
    if (errno != EEXIST) return fail_errno(errno, omf::printable(path()));
    return adjust_directory();
}

// The directory is there: its mode and owner may be another's, or an interrupted replay's.
Result<bool> Tree::Impl::adjust_directory() {
    const auto found = directories.get(path());
    if (!found) return std::unexpected(found.error());
    if (auto given = give_owner(*found, made); !given) return std::unexpected(given.error());
    struct stat status{};
    if (::fstat(*found, &status) != 0) return fail_errno(errno, omf::printable(path()));
    if ((status.st_mode & 07777) == made.mode) return false;
    directories.set_mode_later(path(), made.mode);
    return true;
}

void Tree::discard() {
    if (impl_->staged == Impl::Staged::nothing) return;
    const int flags = impl_->staged == Impl::Staged::directory ? AT_REMOVEDIR : 0;
    ::unlinkat(impl_->tree.aside.get(), staged_name, flags);
    impl_->staged = Impl::Staged::nothing;
}

Result<void> Tree::Impl::write_meta(const omf::File& file) {
    const auto meta = directories.get(std::string(file.path.parent()));
    if (!meta) return std::unexpected(meta.error());
    std::string document;
    if (auto written = write_document(file, form, context, document, index::fixed_inode(file.path.view()));
        !written)
        return written;
    return update_side_file(*meta, std::string(file.path.name()).c_str(), document);
}

Result<void> Tree::with_temporary(std::span<const omf::Extent> extents, std::uint64_t size,
                                  const std::function<Result<void>(std::string_view)>& use) {
    const std::string name = fmt::format("{}{}-{}", temporary_prefix, ::getpid(), ++impl_->temporaries);
    omf::File file;
    file.path = *omf::Path::parse(meta_directory + ("/" + name));
    file.size = size;
    file.mode = 0600;
    for (const omf::Extent& extent : extents)
        file.layout.extents.push_back(extent);
    if (auto written = impl_->write_meta(file); !written) return written;
    auto used = use(file.path.view());
    const auto meta = impl_->directories.get(meta_directory);
    if (!meta) return std::unexpected(meta.error());
    ::unlinkat(*meta, name.c_str(), 0);
    return used;
}

// Not through the cache of directories: start_over() may still replace this one.
std::vector<std::string> Tree::sweep_temporaries() {
    std::vector<std::string> swept;
    auto meta = open_directory(impl_->tree.root.get(), meta_directory);
    const DirectoryStream stream = meta ? open_stream(std::move(*meta)) : DirectoryStream();
    while (const dirent* const entry = stream ? ::readdir(stream.get()) : nullptr) {
        const std::string name = entry->d_name;
        if (!name.starts_with(temporary_prefix) || ::unlinkat(::dirfd(stream.get()), name.c_str(), 0) != 0)
            continue;
        swept.push_back(meta_directory + ("/" + name));
    }
    return swept;
}

Result<void> Tree::finish(const State& state, std::uint64_t log_length, bool master) {
    discard();
    const auto superblock = meta_file(".meta/.superblock", 0, omf::superblock_region, 0444);
    const auto log = meta_file(".meta/.log", omf::log_offset, log_length, master ? 0644 : 0444);
    for (const omf::File& file : {superblock, log})
        if (auto written = impl_->write_meta(file); !written) return written;
    const int top = impl_->tree.top.get();
    if (auto written = update_side_file(top, devices_name, write_devices(impl_->devices)); !written)
        return written;
    if (auto settled = impl_->settle_ids(); !settled) return settled;
    if (auto restored = impl_->directories.restore_modes(); !restored) return restored;
    return update_side_file(top, state_name, write_state(state));
}

}  // namespace famfs::shadow
