#include "service/shadow/directory_stream.h"

#include <dirent.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace famfs::service {

namespace {

constexpr std::size_t max_read = 32 * 1024;  // bytes

}  // namespace

void DirectoryStream::seek(off_t offset) {
    if (offset == position_) return;
    buffer_.clear();
    begin_ = 0;
    position_ = offset;
}

// Kept until somebody goes on: no larger than what was read.
Outcome<void> DirectoryStream::fill(int directory) {
    if (::lseek(directory, position_, SEEK_SET) < 0) return std::unexpected(errno);
    alignas(dirent64) std::array<char, max_read> room;
    const ssize_t got = ::getdents64(directory, room.data(), room.size());
    if (got < 0) return std::unexpected(errno);
    buffer_ = std::vector<char>(room.data(), room.data() + got);
    begin_ = 0;
    return {};
}

Outcome<DirectoryEntry> DirectoryStream::peek(int directory) {
    if (begin_ == buffer_.size()) {
        if (const auto filled = fill(directory); !filled) return std::unexpected(filled.error());
        if (buffer_.empty()) return std::unexpected(ENOENT);
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

}  // namespace famfs::service
