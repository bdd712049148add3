#include "service/shadow/root.h"

#include "liblog/file_io.h"
#include "liblog/shadow/beneath.h"
#include "omf/path.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <span>

namespace famfs::service {

namespace {

Outcome<FileDescriptor> open_at(int base, const std::string& path, int flags) {
    auto descriptor = famfs::shadow::open_beneath(base, path, flags | O_NOFOLLOW);
    if (!descriptor) return std::unexpected(descriptor.error().code);
    return std::move(*descriptor);
}

Outcome<Sighting> look_at(int base, const std::string& path) {
    const auto descriptor = open_at(base, path, O_PATH);
    if (!descriptor) return std::unexpected(descriptor.error());
    Sighting sighting{};
    if (::fstat(descriptor->get(), &sighting.status) != 0) return std::unexpected(errno);
    return sighting;
}

// Not blocked by a FIFO and not caught by a terminal that took the document's place.
constexpr int reading = O_RDONLY | O_NONBLOCK | O_NOCTTY;

// One byte more than expected tells a file that has grown.
Outcome<std::string> read_all(int descriptor, std::size_t expected, std::size_t limit) {
    std::string text(std::min(expected, limit) + 1, '\0');
    auto got = read_at(descriptor, std::as_writable_bytes(std::span(text)), 0);
    if (got && *got == text.size() && *got <= limit) {
        text.resize(limit + 1);
        got = read_at(descriptor, std::as_writable_bytes(std::span(text)), 0);
    }
    if (!got) return std::unexpected(got.error().code);
    if (*got > limit) return std::unexpected(EFBIG);
    text.resize(*got);
    return text;
}

Outcome<DocumentText> read_document(int base, const std::string& path, std::size_t limit) {
    const auto descriptor = open_at(base, path, reading);
    if (!descriptor) return std::unexpected(descriptor.error());
    DocumentText document{};
    if (::fstat(descriptor->get(), &document.status) != 0) return std::unexpected(errno);
    if (!S_ISREG(document.status.st_mode)) return std::unexpected(EUCLEAN);
    auto text = read_all(descriptor->get(), static_cast<std::size_t>(document.status.st_size), limit);
    if (!text) return std::unexpected(text.error());
    document.text = std::move(*text);
    return document;
}

std::string real_path(const std::string& path) {
    const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr), std::free);
    return resolved ? std::string(resolved.get()) : path;
}

}  // namespace

Result<ShadowRoot> ShadowRoot::open(const std::string& directory) {
    const std::string shown = omf::printable(directory);
    FileDescriptor tree(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!tree) return fail_errno(errno, "shadow tree " + shown);
    auto root = open_at(tree.get(), "root", O_RDONLY | O_DIRECTORY);
    if (!root && root.error() == ENOSYS) {
        return fail(ErrorKind::unsupported, ENOSYS,
                    "this kernel has no openat2 (Linux 5.6 or later is needed)");
    }
    if (!root && root.error() == ENOENT) {
        return fail(ErrorKind::io, ENOENT,
                    shown + ": no shadow tree (it has no root directory); famfs logplay --shadow makes one");
    }
    if (!root) return fail_errno(root.error(), "shadow tree " + shown + "/root");
    return ShadowRoot(real_path(directory), std::move(tree), std::move(*root));
}

Result<void> ShadowRoot::move_to(const FileDescriptor& tree) const {
    if (!tree) return fail_errno(errno, "shadow tree");
    const auto root = open_at(tree.get(), "root", O_RDONLY | O_DIRECTORY);
    if (!root) return fail_errno(root.error(), "shadow tree");
    if (::dup3(tree.get(), tree_.get(), O_CLOEXEC) < 0 || ::dup3(root->get(), root_.get(), O_CLOEXEC) < 0)
        return fail_errno(errno, "shadow tree");
    return {};
}

bool ShadowRoot::is_ours_alone() const {
    const auto ours = [](const struct stat& status) {
        return status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    };
    struct stat top_status{};
    const auto table = look_beside("devices.yaml");
    return ::fstat(tree_.get(), &top_status) == 0 && ours(top_status) && table && ours(table->status);
}

Outcome<DocumentText> ShadowRoot::read_beside(const std::string& name, std::size_t limit) const {
    return read_document(tree_.get(), name, limit);
}

Outcome<Sighting> ShadowRoot::look_beside(const std::string& name) const {
    return look_at(tree_.get(), name);
}

Outcome<FileDescriptor> ShadowRoot::open_beside(const std::string& name) const {
    return open_at(tree_.get(), name, reading);
}

Outcome<Sighting> ShadowRoot::look(int base, const std::string& path) const {
    return look_at(base, path);
}

Outcome<DocumentText> ShadowRoot::read(int base, const std::string& path, std::size_t limit) const {
    return read_document(base, path, limit);
}

Outcome<FileDescriptor> ShadowRoot::open_file(int base, const std::string& path) const {
    return open_at(base, path, reading);
}

Outcome<FileDescriptor> ShadowRoot::open_directory(const std::string& path) const {
    return open_at(root_.get(), path, O_RDONLY | O_DIRECTORY);
}

}  // namespace famfs::service
