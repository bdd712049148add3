#include "liblog/shadow/ids.h"

#include "liblog/file_io.h"
#include "liblog/index/path_hash.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace famfs::shadow {
namespace {

constexpr std::array<char, 8> magic{'f', 'a', 'm', 'f', 's', 'i', 'd', '1'};
constexpr mode_t file_mode = 0644;

struct Header {
    std::array<char, 8> name = magic;
    std::array<std::uint8_t, 16> file_system{};
    std::uint64_t reserved = 0;
};
static_assert(sizeof(Header) == id_header_bytes);

struct WireRecord {
    std::uint64_t hash = 0;
    std::uint64_t id = 0;
};
static_assert(sizeof(WireRecord) == id_record_bytes);
static_assert(std::endian::native == std::endian::little, "records are little endian");

template <typename T>
T value_in(std::span<const std::byte> bytes) {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

Header header_of(const omf::Uuid& file_system) {
    Header header;
    static_assert(sizeof file_system.bytes == sizeof header.file_system);
    std::memcpy(header.file_system.data(), file_system.bytes.data(), header.file_system.size());
    return header;
}

}  // namespace

Result<IdTable> IdTable::create(std::span<const std::byte, id_header_bytes> bytes) {
    const auto header = value_in<Header>(bytes);
    if (header.name != magic) return fail(ErrorKind::corrupt, EUCLEAN, "ids: not a file of ids");
    omf::Uuid file_system;
    std::memcpy(file_system.bytes.data(), header.file_system.data(), header.file_system.size());
    return IdTable(file_system);
}

// Of records for one path, the later stands behind.
void IdTable::add(std::span<const std::byte> bytes) {
    struct Numbered {
        Record record;
        std::size_t number;
    };
    std::vector<Numbered> added;
    added.reserve(bytes.size() / id_record_bytes);
    for (; bytes.size() >= id_record_bytes; bytes = bytes.subspan(id_record_bytes)) {
        const auto record = value_in<WireRecord>(bytes);
        if (index::is_entry_inode(record.id)) added.push_back({{record.hash, record.id}, added.size()});
    }
    std::ranges::sort(added, {},
                      [](const Numbered& each) { return std::pair(each.record.hash, each.number); });
    std::vector<Record> merged;
    merged.reserve(records_.size() + added.size());
    auto old = records_.begin();
    for (const Numbered& each : added) {
        while (old != records_.end() && old->hash <= each.record.hash)
            merged.push_back(*old++);
        merged.push_back(each.record);
    }
    merged.insert(merged.end(), old, records_.end());
    records_ = std::move(merged);
}

index::InodeId IdTable::find(std::string_view path) const {
    const std::uint64_t hash = index::path_hash(file_system_, path);
    const auto after = std::ranges::upper_bound(records_, hash, {}, &Record::hash);
    if (after == records_.begin() || std::prev(after)->hash != hash) return index::no_inode;
    return std::prev(after)->id;
}

Result<IdFile> IdFile::open(int directory, const char* name, const omf::Uuid& file_system) {
    FileDescriptor file(::openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, file_mode));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) return fail_errno(errno, name);
    if (!S_ISREG(status.st_mode)) return fail(ErrorKind::corrupt, EUCLEAN, "ids: no regular file");
    const Header wanted = header_of(file_system);
    Header found{};
    const auto got = read_at(file.get(), std::as_writable_bytes(std::span(&found, 1)), 0);
    if (got && *got == sizeof found && std::memcmp(&found, &wanted, sizeof found) == 0) {
        const auto records = (static_cast<std::uint64_t>(status.st_size) - id_header_bytes) / id_record_bytes;
        return IdFile(std::move(file), file_system, id_header_bytes + records * id_record_bytes);
    }
    if (::ftruncate(file.get(), 0) != 0 || ::fchmod(file.get(), file_mode) != 0)
        return fail_errno(errno, name);
    if (auto written = write_at(file.get(), std::as_bytes(std::span(&wanted, 1)), 0); !written)
        return std::unexpected(written.error());
    return IdFile(std::move(file), file_system, id_header_bytes);
}

Result<void> IdFile::append(std::string_view path, index::InodeId id) {
    const WireRecord record{index::path_hash(file_system_, path), id};
    if (auto written = write_at(file_.get(), std::as_bytes(std::span(&record, 1)), end_); !written)
        return written;
    end_ += id_record_bytes;
    return {};
}

}  // namespace famfs::shadow
