// A log of any entries: fsck, replay, and the shadow tree that comes of it, in both forms.
//
// Input: a byte of options, then records. A record is a byte (bit 0: make crc and sequence number right), and
// up to 544 bytes of the entry; records are 545 bytes, the last may be shorter.
#include "fuzz.h"
#include "liblog/pool/check.h"
#include "liblog/shadow/logplay.h"
#include "omf/bytes.h"
#include "omf/crc32.h"

#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

using namespace famfs;

namespace {

constexpr std::uint64_t device_bytes = std::uint64_t{1} << 40;
constexpr std::size_t max_entries = 32;

// A device of which only superblock, log header and the first entries exist; the rest reads as zeros.
class SmallMemory final : public device::Memory {
  public:
    SmallMemory() : Memory({"fuzz", device::Kind::devdax, device_bytes, std::nullopt}) {}

    Result<void> read(std::uint64_t offset, std::span<std::byte> out) override {
        if (auto checked = check_range(offset, out.size()); !checked) return checked;
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = byte(offset + i);
        return {};
    }
    Result<void> write(std::uint64_t, std::span<const std::byte>) override {
        return fail_errno(EROFS, "fuzz");
    }
    Result<void> zero(std::uint64_t, std::uint64_t) override { return fail_errno(EROFS, "fuzz"); }
    Result<std::uint64_t> copy_from(int, std::uint64_t, std::uint64_t, std::uint64_t) override {
        return fail_errno(EROFS, "fuzz");
    }
    Result<void> write_back(std::uint64_t, std::uint64_t) override { return {}; }
    Result<void> invalidate(std::uint64_t, std::uint64_t) override { return {}; }
    void fence() override {}
    int descriptor() const override { return -1; }
    std::byte* mapping() const override { return nullptr; }
    int lock_descriptor() const override { return -1; }

    omf::SuperblockBytes superblock{};
    std::vector<std::byte> log;

  private:
    std::byte byte(std::uint64_t at) const {
        if (at < superblock.size()) return superblock[at];
        if (at >= omf::log_offset && at - omf::log_offset < log.size()) return log[at - omf::log_offset];
        return {};
    }
};

omf::EntryBytes make_entry(std::span<const std::byte> record, std::uint64_t index) {
    omf::EntryBytes bytes{};
    const auto content = record.subspan(1);
    std::copy_n(content.begin(), std::min(content.size(), bytes.size()), bytes.begin());
    if ((record[0] & std::byte{1}) != std::byte{}) {
        omf::store(bytes, index);
        omf::store(bytes, omf::crc32(std::span(bytes).first(536)), 536);
    }
    return bytes;
}

std::unique_ptr<SmallMemory> make_memory(std::span<const std::byte> input) {
    constexpr std::size_t record = 1 + omf::entry_bytes;
    auto memory = std::make_unique<SmallMemory>();
    memory->superblock = omf::encode_superblock({});
    std::vector<std::byte> entries;
    omf::LogHeader header;
    while (!input.empty() && header.next_index < max_entries) {
        const auto piece = input.first(std::min(input.size(), record));
        const auto entry = make_entry(piece, header.next_index++);
        entries.insert(entries.end(), entry.begin(), entry.end());
        input = input.subspan(piece.size());
    }
    const auto head = omf::encode_log_header(header);
    memory->log.assign(head.begin(), head.end());
    memory->log.insert(memory->log.end(), entries.begin(), entries.end());
    return memory;
}

// One directory for all runs of this process, emptied between them.
const std::filesystem::path& scratch() {
    static const std::filesystem::path made = [] {
        std::string name = std::filesystem::is_directory("/dev/shm") ? "/dev/shm/famfs-fuzz-XXXXXX"
                                                                     : "/tmp/famfs-fuzz-XXXXXX";
        fuzz::require(::mkdtemp(name.data()) != nullptr, "a scratch directory");
        ::setenv("FAMFS_SYSTEM_UUID_FILE", (name + "/none").c_str(), 1);
        std::atexit([] { std::filesystem::remove_all(scratch()); });
        return std::filesystem::path(name);
    }();
    return made;
}

std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Every document in the tree reads back, at its place.
void check_tree(const std::filesystem::path& directory) {
    auto table = shadow::read_devices(content_of(directory / "devices.yaml"));
    fuzz::require(table.has_value(), "devices.yaml can be read");
    const auto context = table->context();
    const std::filesystem::path root = directory / "root";
    for (const auto& item : std::filesystem::recursive_directory_iterator(root)) {
        fuzz::require(item.is_directory() || item.is_regular_file(), "directories and documents only");
        if (!item.is_regular_file()) continue;
        const std::string place = item.path().string().substr(root.string().size() + 1);
        const auto file = shadow::read_document(content_of(item.path()), place, context);
        if (!file) std::fprintf(stderr, "%s: %s\n", place.c_str(), file.error().message.c_str());
        fuzz::require(file.has_value(), "a document that was written can be read");
    }
}

void open_up(const std::filesystem::path& directory) {
    std::error_code ignored;
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, ignored);
    for (const auto& item : std::filesystem::recursive_directory_iterator(directory, ignored))
        if (item.is_directory())
            std::filesystem::permissions(item.path(), std::filesystem::perms::owner_all, ignored);
}

void replay(const pool::Pool& pool, shadow::Form form, bool salvage) {
    const std::filesystem::path directory = scratch() / "shadow";
    shadow::LogplayOptions options;
    options.form = form;
    options.hooks.salvage = salvage;
    std::uint64_t reported = 0;
    options.hooks.report = [&](const pool::Finding& finding) {
        ++reported;
        fuzz::require(!pool::describe(finding).empty(), "a finding has a text");
    };
    const auto first = shadow::logplay(pool, directory, options);
    if (first) {
        fuzz::require(first->findings == reported, "every finding is reported");
        check_tree(directory);
        const auto second = shadow::logplay(pool, directory, options);
        fuzz::require(second && second->written == 0, "a second replay has nothing to write");
    }
    open_up(directory);
    std::filesystem::remove_all(directory);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    scratch();
    const auto pool = pool::Pool::open(make_memory(fuzz::bytes_of(data + 1, size - 1)));
    fuzz::require(pool.has_value(), "the pool opens");
    const auto checked = pool::check(*pool, nullptr);
    fuzz::require(checked && checked->replay.replayed == checked->replay.header.next_index,
                  "fsck sees every entry");
    replay(*pool, (data[0] & 1) != 0 ? shadow::Form::uuid : shadow::Form::famfs, (data[0] & 2) != 0);
    return 0;
}
