#include "famfs-fused/shadow/directory_stream.h"

#include <dirent.h>
#include <unistd.h>

#include <cerrno>

namespace famfs::fused {

namespace {

constexpr std::size_t buffer_bytes = 32 * 1024;

}  // namespace

Outcome<void> DirectoryStream::seek(off_t offset) {
    if (offset == position_) return {};
    if (::lseek(descriptor_.get(), offset, SEEK_SET) < 0) return std::unexpected(errno);
    begin_ = end_ = 0;
    position_ = offset;
    return {};
}

Outcome<void> DirectoryStream::fill() {
    buffer_.resize(buffer_bytes);
    const ssize_t got = ::getdents64(descriptor_.get(), buffer_.data(), buffer_.size());
    if (got < 0) return std::unexpected(errno);
    begin_ = 0;
    end_ = static_cast<std::size_t>(got);
    return {};
}

Outcome<DirectoryEntry> DirectoryStream::peek() {
    if (begin_ == end_) {
        if (const auto filled = fill(); !filled) return std::unexpected(filled.error());
        if (end_ == 0) return std::unexpected(ENOENT);
    }
    const auto* entry = reinterpret_cast<const dirent64*>(buffer_.data() + begin_);
    return DirectoryEntry{
        .name = entry->d_name, .inode = entry->d_ino, .type = entry->d_type, .next = entry->d_off};
}

void DirectoryStream::advance() {
    const auto* entry = reinterpret_cast<const dirent64*>(buffer_.data() + begin_);
    position_ = entry->d_off;
    begin_ += entry->d_reclen;
}

}  // namespace famfs::fused
