#include "service/shadow/id_cache.h"

#include "liblog/file_io.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace famfs::service {

namespace {

using famfs::shadow::id_header_bytes;
using famfs::shadow::id_record_bytes;

constexpr std::uint64_t max_file = std::uint64_t{1} << 30;  // bytes: of 64 Mi files

bool is_same_file(const Identity& a, const Identity& b) {
    return a.device == b.device && a.inode == b.inode;
}

}  // namespace

// What is known already stays, if the file only grew.
Outcome<void> IdCache::read(const FileDescriptor& file, const struct stat& status) {
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size > max_file) return std::unexpected(EFBIG);
    if (!table_ || !is_same_file(identity_of(status), read_from_) || size < read_bytes_) {
        table_.reset();
        std::array<std::byte, id_header_bytes> header{};
        if (!read_at(file.get(), header, 0)) return std::unexpected(EIO);
        auto table = famfs::shadow::IdTable::create(header);
        if (!table) return std::unexpected(table.error().code);
        table_.emplace(std::move(*table));
        read_bytes_ = header.size();
    }
    std::vector<std::byte> records((size - std::min(size, read_bytes_)) / id_record_bytes * id_record_bytes);
    const auto got = read_at(file.get(), records, read_bytes_);
    if (!got) return std::unexpected(got.error().code);
    table_->add(std::span(records).first(*got));
    read_bytes_ += *got / id_record_bytes * id_record_bytes;
    return {};
}

// Whether there may be something new.
bool IdCache::refresh() {
    const auto sighting = shadow_.look_beside(famfs::shadow::ids_name);
    if (!sighting || identity_of(sighting->status) == read_from_) return false;
    const auto file = shadow_.open_beside(famfs::shadow::ids_name);
    struct stat status{};
    if (!file || ::fstat(file->get(), &status) != 0) return false;
    const auto done = S_ISREG(status.st_mode) ? read(*file, status) : Outcome<void>(std::unexpected(EUCLEAN));
    read_from_ = identity_of(status);
    if (!done) log_.about_file(famfs::shadow::ids_name, "cannot be used: inode numbers are this host's");
    return done.has_value();
}

index::InodeId IdCache::find(std::string_view path) {
    const std::lock_guard guard(mutex_);
    if (table_)
        if (const auto id = table_->find(path); id != index::no_inode) return id;
    return refresh() ? table_->find(path) : index::no_inode;
}

}  // namespace famfs::service
